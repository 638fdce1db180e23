/** The parts of a report, by the anchor of their section. */
export type PartId = 'decisions' | 'delegations' | 'revocations' | 'policies' | 'callers' | 'integrity' | 'replay';

export interface Control {
  readonly id: string;
  /** In short; the wording of the standard counts. */
  readonly about: string;
  readonly parts: readonly PartId[];
}

export interface Framework {
  readonly name: string;
  readonly source: string;
  readonly controls: readonly Control[];
}

/**
 * For which controls the parts of a report can serve as evidence. Evidence for a control is not the control: most of them
 * are about procedures and people as well, and all about more systems than this one.
 */
export const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'SOC 2',
    source: 'AICPA Trust Services Criteria 2017 (points of focus revised 2022), common criteria',
    controls: [
      {
        id: 'CC6.1',
        about: 'Logical access security over protected information assets',
        parts: ['decisions', 'policies'],
      },
      {
        id: 'CC6.2',
        about: 'Registration and authorisation before credentials are issued; removal of credentials',
        parts: ['callers'],
      },
      {
        id: 'CC6.3',
        about: 'Access authorised, modified and removed by role and least privilege',
        parts: ['delegations', 'revocations'],
      },
      { id: 'CC7.2', about: 'Monitoring for anomalies', parts: ['decisions', 'integrity'] },
      { id: 'CC7.3', about: 'Evaluation of security events', parts: ['decisions', 'replay'] },
      { id: 'CC7.4', about: 'Response to security incidents', parts: ['revocations'] },
      { id: 'CC8.1', about: 'Changes authorised, tested, approved and documented', parts: ['policies'] },
    ],
  },
  {
    name: 'ISO/IEC 27001:2022',
    source: 'Annex A',
    controls: [
      { id: 'A.5.3', about: 'Segregation of duties', parts: ['callers', 'delegations'] },
      { id: 'A.5.15', about: 'Access control', parts: ['decisions', 'policies'] },
      { id: 'A.5.16', about: 'Identity management', parts: ['callers'] },
      { id: 'A.5.18', about: 'Access rights', parts: ['delegations', 'revocations'] },
      { id: 'A.5.26', about: 'Response to information security incidents', parts: ['revocations'] },
      { id: 'A.5.28', about: 'Collection of evidence', parts: ['integrity', 'replay'] },
      { id: 'A.5.33', about: 'Protection of records', parts: ['integrity'] },
      { id: 'A.8.2', about: 'Privileged access rights', parts: ['callers', 'delegations'] },
      { id: 'A.8.3', about: 'Information access restriction', parts: ['decisions'] },
      { id: 'A.8.15', about: 'Logging', parts: ['decisions', 'integrity'] },
      { id: 'A.8.16', about: 'Monitoring activities', parts: ['decisions'] },
      { id: 'A.8.32', about: 'Change management', parts: ['policies'] },
    ],
  },
  {
    name: 'HIPAA Security Rule',
    source: '45 CFR Part 164, Subpart C',
    controls: [
      { id: '164.308(a)(1)(ii)(D)', about: 'Information system activity review', parts: ['decisions', 'revocations'] },
      { id: '164.308(a)(3)(ii)(C)', about: 'Termination procedures', parts: ['revocations'] },
      { id: '164.308(a)(4)(ii)(B)', about: 'Access authorisation', parts: ['delegations', 'policies'] },
      {
        id: '164.308(a)(4)(ii)(C)',
        about: 'Access establishment and modification',
        parts: ['delegations', 'revocations'],
      },
      { id: '164.312(a)(1)', about: 'Access control', parts: ['decisions'] },
      { id: '164.312(a)(2)(i)', about: 'Unique user identification', parts: ['callers', 'decisions'] },
      { id: '164.312(b)', about: 'Audit controls', parts: ['decisions', 'integrity', 'replay'] },
      { id: '164.312(d)', about: 'Person or entity authentication', parts: ['callers'] },
    ],
  },
  {
    name: 'NIS2',
    source: 'Directive (EU) 2022/2555, Article 21(2)',
    controls: [
      { id: 'Art. 21(2)(b)', about: 'Incident handling', parts: ['decisions', 'revocations'] },
      {
        id: 'Art. 21(2)(f)',
        about: 'Assessing whether the measures are effective',
        parts: ['revocations', 'integrity', 'replay'],
      },
      {
        id: 'Art. 21(2)(i)',
        about: 'Human resources security, access control policies and asset management',
        parts: ['delegations', 'policies', 'callers'],
      },
    ],
  },
  {
    name: 'DORA',
    source: 'Regulation (EU) 2022/2554',
    controls: [
      {
        id: 'Art. 9(4)(c)',
        about: 'Access limited to what legitimate and approved functions require',
        parts: ['decisions', 'delegations', 'revocations'],
      },
      { id: 'Art. 9(4)(e)', about: 'Change management of ICT', parts: ['policies'] },
      { id: 'Art. 10(1)', about: 'Detection of anomalous activities', parts: ['decisions'] },
      { id: 'Art. 17', about: 'ICT-related incident management process', parts: ['revocations', 'integrity'] },
      {
        id: 'Art. 28',
        about: 'Third-party risk: what agents and tools of providers were let do',
        parts: ['decisions', 'delegations'],
      },
    ],
  },
];
