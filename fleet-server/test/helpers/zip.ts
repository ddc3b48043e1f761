import { makeZip } from 'client-zip';

/** An archive of these files, the same bytes every time. */
export const zipOf = async (files: Record<string, Uint8Array | string>): Promise<Buffer> =>
  Buffer.from(
    await new Response(
      makeZip(
        Object.entries(files).map(([name, input]) => ({ name, input, lastModified: new Date(0) })),
      ) as never,
    ).arrayBuffer(),
  );
