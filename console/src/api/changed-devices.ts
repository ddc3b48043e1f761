import type { QueryClient } from '@tanstack/react-query';
import { client, unwrap } from './client.js';
import { devicesQuery, keys } from './queries.js';

/** Where more have changed, the whole fleet is read. */
const most = 100;

/** Puts what changed into the list of devices: of a fleet of thousands, a few change in each second. */
export async function readChanged(queryClient: QueryClient, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    void queryClient.invalidateQueries({ queryKey: [...keys.devices, 'one', id] });
    void queryClient.invalidateQueries({ queryKey: [...keys.devices, 'events', id] });
  }
  const { queryKey } = devicesQuery;
  const shown = queryClient.getQueryCache().find({ queryKey })?.isActive() ?? false;
  const loaded = queryClient.getQueryData(queryKey) !== undefined;
  if (!shown || !loaded || ids.length > most) return queryClient.invalidateQueries({ queryKey });
  try {
    const query = { ids: ids.join(',') };
    const { items } = await unwrap(client.GET('/api/v1/devices', { params: { query } }));
    const changed = new Map(items.map((device) => [device.id, device]));
    queryClient.setQueryData(queryKey, (list = []) => {
      const kept = list.map((device) => changed.get(device.id) ?? device);
      for (const { id } of kept) changed.delete(id);
      return [...kept, ...changed.values()];
    });
  } catch {
    await queryClient.invalidateQueries({ queryKey });
  }
}
