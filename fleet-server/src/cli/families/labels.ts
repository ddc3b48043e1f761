import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FrameLineage } from '../../features/lineage/schemas.js';
import type { Command } from '../command.js';
import { csvLine, csvRecords } from '../csv.js';
import { orInterrupted, UsageError } from '../exit-status.js';
import { frameLineageText } from '../lineage-text.js';

export const labels: readonly Command[] = [
  {
    words: 'labels export',
    help: 'the present label of every frame that has one, as CSV or one JSON object a line',
    async run({ api, output }) {
      if (!output.json) output.print(csvLine(['frame', 'class', 'kind', 'author', 'at']));
      for await (const frame of (await api()).listFrames('&labelled=true')) {
        const { label } = frame;
        if (!label) continue;
        const { classId, kind, author, at } = label;
        output.print(
          output.json
            ? `${JSON.stringify({ frame: frame.id, class: classId, kind, author, at })}\n`
            : csvLine([frame.id, classId ?? '', kind, author, at]),
        );
      }
    },
  },
  {
    words: 'labels lineage',
    arguments: ['FRAME'],
    help: 'the model, run and labels behind its decision, and the models that its own labels taught',
    async run({ api, arguments: [id = ''], output }) {
      const path = `/frames/${encodeURIComponent(id)}/lineage`;
      const lineage = await (await api()).request<FrameLineage>('GET', path);
      output.show(lineage, () => frameLineageText(lineage));
    },
  },
  {
    words: 'labels import',
    arguments: ['FILE'],
    help: 'give frames the classes of a CSV with the columns frame and class (id or name); what is so already stays',
    async run({ api: connect, arguments: [path = ''], output, signal }) {
      const rows = csvRecords(await readFile(path, 'utf8'), ['frame', 'class']).filter(
        (row) => row.class !== '',
      );
      const api = await connect();
      const classes = await api.listClasses();
      const classOf = (text: string): string => {
        const found = classes.find(({ id, name }) => id === text || name === text);
        if (!found) throw new UsageError(`there is no class ${text}`);
        return found.id;
      };
      // All of them are looked up before the first is written.
      const wanted = rows.map((row) => ({ frame: row.frame ?? '', classId: classOf(row.class ?? '') }));
      const present = new Map<string, string | null>();
      for await (const frame of api.listFrames('&labelled=true')) {
        present.set(frame.id, frame.label?.classId ?? null);
      }
      let written = 0;
      for (const [at, { frame, classId }] of wanted.entries()) {
        orInterrupted(signal);
        if (present.get(frame) !== classId) {
          await api.labelFrame(frame, classId, randomUUID());
          written += 1;
        }
        output.bar('labels', (at + 1) / wanted.length, `${at + 1} of ${wanted.length}`);
      }
      output.endBar();
      const answer = { rows: wanted.length, written };
      output.show(answer, () => `${written} labels written, ${wanted.length - written} were so already.`);
    },
  },
];
