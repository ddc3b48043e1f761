import { Button, Drawer, SegmentedControl, Select } from '@mantine/core';
import { useDisclosure, useLocalStorage, useMediaQuery } from '@mantine/hooks';
import { IconChartGridDots, IconFilter, IconPhotoSearch, IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { classesQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { FrameFilter, FrameSort, Tile as TileData } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import { Blank, Failed, usePageTitle } from '../../ui/page.js';
import { ExampleDialog, type ExampleFrame } from '../label-book/example-dialog.js';
import { BalanceDialog } from './balance-dialog.js';
import classes from './dataset.module.css';
import { type DatasetSearch, type FilterChange, filterOf, sorts } from './filter.js';
import { FilterPanel } from './filter-panel.js';
import { FrameGrid, type GridHandle } from './frame-grid.js';
import { Preview } from './preview.js';
import { extended, moved, nothing, only, type Selection, toggled } from './selection.js';
import { SelectionBar } from './selection-bar.js';
import { useBulk } from './use-bulk.js';
import { useDatasetKeys } from './use-dataset-keys.js';
import { useFrames } from './use-frames.js';

const route = getRouteApi('/shell/dataset');
const sizes = { s: 110, m: 170, l: 280 } as const;
type Size = keyof typeof sizes;

/** Every stored frame: found, looked at, labelled many at a time, sent to the review queue. */
export function DatasetPage() {
  usePageTitle(t('Dataset'));
  const search = route.useSearch();
  const navigate = useNavigate();
  const filter = useMemo(() => filterOf(search), [search]);
  const sort = search.sort ?? 'newest';
  const [opened, setOpened] = useState(1);
  const { view, summary } = useFrames(filter, opened);
  const [size, setSize] = useLocalStorage<Size>({ key: 'lineside.tile-size', defaultValue: 'm' });
  const narrow = useMediaQuery('(max-width: 1000px)') ?? false;
  const [drawer, filters] = useDisclosure(false);
  const [balanceOpen, balance] = useDisclosure(false);

  const go = useCallback(
    (to: DatasetSearch) => void navigate({ to: '/dataset', search: to, replace: true }),
    [navigate],
  );
  const change = useCallback(
    (part: FilterChange) => {
      const next = Object.entries({ ...search, ...part }).filter(([, value]) => value !== undefined);
      go(Object.fromEntries(next));
    },
    [go, search],
  );
  const panel = (
    <FilterPanel
      filter={filter}
      summary={summary}
      change={change}
      only={(wanted) => go({ ...wanted, ...(search.sort ? { sort: search.sort } : {}) })}
    />
  );
  const fresh = view.data && summary ? summary.total - view.data.total : 0;
  return (
    <div className={classes.page}>
      <header className={classes.header}>
        <h1>{t('Dataset')}</h1>
        <span className={classes.count} data-testid="frame-count">
          {view.data ? t('{{count, number}} frames', { count: view.data.total }) : ''}
        </span>
        {fresh === 0 ? null : (
          <Button
            variant="light"
            size="compact-md"
            leftSection={<IconRefresh size={16} />}
            onClick={() => setOpened(opened + 1)}
          >
            {fresh > 0
              ? t('{{fresh}} more by now', { fresh: integer(fresh) })
              : t('{{fresh}} fewer by now', { fresh: integer(-fresh) })}
          </Button>
        )}
        <div className={classes.tools}>
          {narrow ? (
            <Button variant="default" leftSection={<IconFilter size={18} />} onClick={filters.open}>
              {Object.keys(filter).length > 0
                ? t('Filter ({{keys}})', { keys: Object.keys(filter).length })
                : t('Filter')}
            </Button>
          ) : null}
          <Button
            variant="default"
            leftSection={<IconChartGridDots size={18} />}
            onClick={balance.open}
            data-testid="open-balance"
          >
            {t('Class balance')}
          </Button>
          <BalanceDialog opened={balanceOpen} onClose={balance.close} />
          <Select
            aria-label={t('Order')}
            allowDeselect={false}
            w={190}
            data={Object.entries(sorts).map(([value, label]) => ({ value, label: t(label) }))}
            value={sort}
            onChange={(value) => go({ ...search, sort: value as FrameSort })}
          />
          <SegmentedControl
            aria-label={t('Size of the pictures')}
            value={size}
            onChange={(value) => setSize(value as Size)}
            data={[
              { value: 's', label: 'S' },
              { value: 'm', label: 'M' },
              { value: 'l', label: 'L' },
            ]}
          />
        </div>
      </header>
      <div className={classes.work}>
        {narrow ? (
          <Drawer opened={drawer} onClose={filters.close} title={t('Filter')} position="left">
            {panel}
          </Drawer>
        ) : (
          panel
        )}
        {view.error ? (
          <Failed error={view.error} retry={() => void view.refetch()} />
        ) : view.data?.total === 0 ? (
          <Blank
            icon={IconPhotoSearch}
            title={Object.keys(filter).length > 0 ? t('No frame is like that') : t('No frames yet')}
            action={
              Object.keys(filter).length > 0 ? (
                <Button variant="default" size="md" onClick={() => go({})}>
                  {t('Show everything')}
                </Button>
              ) : null
            }
          >
            {Object.keys(filter).length > 0
              ? t('Take away a part of the filter to see more.')
              : t('Frames that cameras send appear here, labelled or not.')}
          </Blank>
        ) : view.data ? (
          <Frames
            key={JSON.stringify([filter, sort, view.data.asOf])}
            request={{ filter, sort, asOf: view.data.asOf }}
            total={view.data.total}
            tileWidth={sizes[size]}
          />
        ) : (
          <div className={classes.scroller} role="status" aria-label={t('Loading')} />
        )}
      </div>
    </div>
  );
}

interface FramesProps {
  request: { filter: FrameFilter; sort: FrameSort; asOf: string };
  total: number;
  tileWidth: number;
}

function Frames({ request, total, tileWidth }: FramesProps) {
  const classList = useQuery(classesQuery).data ?? [];
  const classById = useMemo(() => new Map(classList.map((each) => [each.id, each])), [classList]);
  const operator = useMay('operator');
  const [selection, select] = useState<Selection>(nothing);
  const engineer = useMay('engineer');
  const [example, setExample] = useState<ExampleFrame | null>(null);
  const [openPlace, setOpenPlace] = useState<number | null>(null);
  const grid = useRef<GridHandle | null>(null);
  const bulk = useBulk();
  const ids = [...selection.chosen.values()];
  const tileAt = (place: number) => grid.current?.tileAt(place);

  const moveTo = (place: number, keepRange: boolean) => {
    const handle = grid.current;
    if (!handle) return;
    handle.show(place);
    select(keepRange ? extended(selection, place, handle.idAt) : only(place, handle.idAt));
  };
  const byClass = (place: number) => {
    const chosen = classList[place];
    if (chosen && operator && ids.length > 0) void bulk.label(new Map([[chosen.id, ids]]), chosen.name);
  };
  const doubted = new Map<string, string[]>();
  for (const place of selection.chosen.keys()) {
    const tile = tileAt(place);
    if (tile?.suggested) doubted.set(tile.suggested, [...(doubted.get(tile.suggested) ?? []), tile.id]);
  }
  const accept = () => {
    if (operator && doubted.size > 0) void bulk.label(doubted, t('as suggested'));
  };
  const putIntoBook = (tile: TileData | undefined) => {
    if (tile && engineer) {
      setExample({
        frameId: tile.id,
        classId: tile.label?.classId ?? tile.decision?.classId ?? null,
      });
    }
  };
  useDatasetKeys(
    {
      digit: byClass,
      queue: () => {
        if (operator && ids.length > 0) void bulk.queue(ids);
      },
      accept,
      example: () => {
        if (selection.cursor !== null) putIntoBook(tileAt(selection.cursor));
      },
      undo: () => void bulk.undo(),
      clear: () => select(nothing),
      all: () => {
        const handle = grid.current;
        if (handle) select(extended({ ...nothing, anchor: 0 }, total - 1, handle.idAt));
      },
      open: () => selection.cursor !== null && setOpenPlace(selection.cursor),
      toggle: () => {
        const handle = grid.current;
        if (handle && selection.cursor !== null) select(toggled(selection, selection.cursor, handle.idAt));
      },
      arrow: (key, keepRange) => {
        const to = moved(selection.cursor, key, grid.current?.columns ?? 1, total);
        if (to !== null) moveTo(to, keepRange);
        return to !== null;
      },
    },
    openPlace === null && example === null,
  );
  const step = (by: 1 | -1) => {
    const to = Math.min(total - 1, Math.max(0, (openPlace ?? 0) + by));
    grid.current?.show(to);
    setOpenPlace(to);
  };
  // The cursor follows what was looked at.
  useEffect(() => {
    if (openPlace !== null) select((before) => ({ ...before, cursor: openPlace, anchor: openPlace }));
  }, [openPlace]);

  return (
    <div className={classes.stack}>
      <FrameGrid
        request={request}
        total={total}
        tileWidth={tileWidth}
        classById={classById}
        selection={selection}
        select={select}
        open={setOpenPlace}
        handle={grid}
      />
      {operator && (ids.length > 0 || bulk.progress) ? (
        <SelectionBar
          chosen={ids.length}
          classList={classList}
          progress={bulk.progress}
          stop={bulk.stop}
          label={({ id, name }) => void bulk.label(new Map([[id, ids]]), name)}
          doubted={[...doubted.values()].flat().length}
          accept={accept}
          queue={() => void bulk.queue(ids)}
          known={engineer ? () => void bulk.known(ids) : null}
          clear={() => select(nothing)}
        />
      ) : null}
      <Preview
        tile={openPlace === null ? undefined : tileAt(openPlace)}
        classById={classById}
        step={step}
        close={() => setOpenPlace(null)}
        {...(engineer ? { putIntoBook } : {})}
      />
      <ExampleDialog frame={example} close={() => setExample(null)} />
    </div>
  );
}
