import { useSuspenseQuery } from '@tanstack/react-query';
import { meQuery } from './queries.js';
import type { Me, Role } from './types.js';

const order: Role[] = ['viewer', 'operator', 'engineer', 'admin'];

/** Whether a role may do what needs at least `least`. */
export const allows = (role: Role, least: Role): boolean => order.indexOf(role) >= order.indexOf(least);

/** The signed-in person; pages below the guarded route always have one. */
export const useMe = (): Me => useSuspenseQuery(meQuery).data;

export const useMay = (least: Role): boolean => allows(useMe().role, least);
