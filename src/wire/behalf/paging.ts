import { Type } from 'typebox';
import { LIMITS } from '../../core/limits.ts';

/** How many a page holds where the request does not say. */
export const DEFAULT_PAGE = 50;

export const PAGE_LIMIT = Type.Integer({ minimum: 1, maximum: LIMITS.pageSize, default: DEFAULT_PAGE });
