/**
 * A value that is still being put together, member by member: on the way of every request that costs a fraction of
 * spreading objects into one another where most members are absent.
 */
export type Unfinished<T> = { -readonly [K in keyof T]: T[K] };
