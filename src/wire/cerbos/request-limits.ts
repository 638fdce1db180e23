/** Resources in a request, and actions for each of them, where the configuration says nothing else (Cerbos's own). */
export const DEFAULT_LIMITS = { maxActionsPerResource: 50, maxResourcesPerRequest: 50 } as const;
