/**
 * @typedef {object} Entry
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [link] stands for a workspace, whose folder is `resolved`
 * @property {string} [resolved]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [peerDependencies]
 *
 * @typedef {Record<string, Entry>} Packages entries of a package-lock.json by their place
 */

/** The places where Node looks for `name` from a package at `from`, nearest first. */
function* lookups(from, name) {
  for (let at = from; ; ) {
    yield `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (at === '') return;
    at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')));
  }
}

/** Names that a package asks for; peers and optional ones may be missing in the lock. */
const asksFor = (entry) =>
  Object.keys({ ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies });

/** Optional packages that the repository has not locked are not to be looked for either. */
function withoutMissing(entry, place, here) {
  if (!entry.optionalDependencies) return entry;
  const { optionalDependencies, ...rest } = entry;
  const known = Object.entries(optionalDependencies).filter(([name]) => here(place, name));
  return known.length === 0 ? rest : { ...rest, optionalDependencies: Object.fromEntries(known) };
}

/**
 * What one workspace needs of the versions that a repository has locked, placed as for that package alone.
 * @param {Packages} packages of the repository's lock
 * @param {string} workspace its folder
 * @returns {Packages} without the package itself
 * @throws when a package would find another version than in the repository
 */
export function lockClosure(packages, workspace) {
  /** New place → place in the repository. */
  const origins = new Map([['', workspace]]);
  const inRepository = (from, name) => {
    const place = [...lookups(from, name)].find((at) => packages[at]);
    return place && packages[place].link ? packages[place].resolved : place;
  };
  const here = (from, name) => [...lookups(from, name)].map((at) => origins.get(at)).find(Boolean);
  const same = (one, other) =>
    one === other ||
    (one && other && packages[one].integrity && packages[one].integrity === packages[other].integrity);

  const queue = [''];
  for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
    for (const name of asksFor(packages[origins.get(place)])) {
      const target = inRepository(origins.get(place), name);
      const found = here(place, name);
      if (!target || same(found, target)) continue;
      const chosen =
        found || place === ''
          ? `${place === '' ? '' : `${place}/`}node_modules/${name}`
          : `node_modules/${name}`;
      origins.set(chosen, target);
      queue.push(chosen);
    }
  }
  for (const [place, origin] of origins) {
    for (const name of asksFor(packages[origin])) {
      const target = inRepository(origin, name);
      if (target && !same(here(place, name), target)) {
        throw new Error(`${place || workspace} would find another ${name} than in the repository`);
      }
    }
  }
  const places = [...origins.keys()].filter((place) => place !== '').sort();
  return Object.fromEntries(
    places.map((place) => [place, withoutMissing(packages[origins.get(place)], place, here)]),
  );
}
