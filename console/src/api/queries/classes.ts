import { queryOptions } from '@tanstack/react-query';
import { client, unwrap } from '../client.js';
import { keys } from './cache.js';

/** The classes, those of before, and what the champion knows by what it was. */
export const classListQuery = queryOptions({
  queryKey: keys.classes,
  queryFn: () => unwrap(client.GET('/api/v1/classes')),
});
export const classesQuery = queryOptions({
  ...classListQuery,
  select: ({ items }) => items.toSorted((a, b) => a.position - b.position),
});
/** Names by id, of the classes that were merged or split too. */
export const classNamesQuery = queryOptions({
  ...classListQuery,
  select: ({ items, retired }) => new Map([...retired, ...items].map(({ id, name }) => [id, name])),
});
/** Class that stands for each one that was merged. */
export const mergedClassesQuery = queryOptions({
  ...classListQuery,
  select: ({ retired }) =>
    new Map(
      retired.flatMap(({ id, mergedInto }) => (mergedInto === null ? [] : [[id, mergedInto] as const])),
    ),
});
export const classChangesQuery = queryOptions({
  queryKey: [...keys.classes, 'changes'],
  queryFn: async () => (await unwrap(client.GET('/api/v1/class-changes'))).items,
});
export const classEffectsQuery = (id: string) =>
  queryOptions({
    queryKey: ['class-effects', id],
    queryFn: () => unwrap(client.GET('/api/v1/classes/{id}/effects', { params: { path: { id } } })),
  });
/** What the book says of each class by now, by class. */
export const labelBookQuery = queryOptions({
  queryKey: keys.labelBook,
  queryFn: async () => {
    const { items } = await unwrap(client.GET('/api/v1/label-book'));
    return new Map(items.map((entry) => [entry.classId, entry]));
  },
});
export const bookVersionsQuery = (classId: string) =>
  queryOptions({
    queryKey: [...keys.labelBook, 'versions', classId],
    queryFn: async () =>
      (await unwrap(client.GET('/api/v1/label-book/{id}/versions', { params: { path: { id: classId } } })))
        .items,
  });
