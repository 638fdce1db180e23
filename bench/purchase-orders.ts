/** Whoever is of the department approves its purchase orders up to a limit. */
export const PURCHASE_ORDERS = [
  {
    path: 'purchase_order.yaml',
    text: `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: purchase_order
  version: default
  rules:
    - actions: [approve]
      effect: EFFECT_ALLOW
      roles: [employee]
      condition:
        match:
          expr: R.attr.department == P.attr.department && R.attr.amount < 10000
`,
  },
];
