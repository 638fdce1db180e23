import { Type } from 'typebox';

/** Clients leave it out or send an empty one for the latest model, which is the one that is in force here. */
export const MODEL_ID = Type.Optional(Type.String({ description: 'Models have no ids here: leave it out' }));
