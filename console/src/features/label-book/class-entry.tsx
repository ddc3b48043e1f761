import type { ClassItem } from '../../api/types.js';
import { plural } from '../../ui/format.js';
import { ClassMenu } from './class-menu.js';
import classes from './label-book.module.css';

interface ClassEntryProps {
  item: ClassItem;
  classList: readonly ClassItem[];
  engineer: boolean;
}

/** One class of the book. */
export function ClassEntry({ item, classList, engineer }: ClassEntryProps) {
  return (
    <section
      className={classes.entry}
      style={{ '--class-colour': item.colour }}
      data-testid={`class-entry-${item.id}`}
      aria-label={item.name}
    >
      <header>
        <h2>{item.name}</h2>
        <span className={classes.facts}>
          {plural(item.labels, 'labelled frame')}
          {item.formerNames.length > 0 ? ` · called ${item.formerNames.join(', ')} before` : ''}
        </span>
        {engineer ? (
          <div className={classes.entryTools}>
            <ClassMenu item={item} classList={classList} />
          </div>
        ) : null}
      </header>
    </section>
  );
}
