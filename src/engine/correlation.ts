/** By what a decision is found again in the records of others: both as the request brought them. */
export interface Correlation {
  /** `X-Request-ID`, or the one that the request was given here. */
  readonly requestId?: string | undefined;
  /** `traceparent` (W3C Trace Context). */
  readonly trace?: string | undefined;
}
