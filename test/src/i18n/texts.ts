import ts from 'typescript';

/** A text the console shows. A counted one has a form for each plural category of a language. */
export interface Text {
  text: string;
  counted: 'no' | 'cardinal' | 'ordinal';
}

const markers = new Set(['t', 'phrase']);

const literal = (node: ts.Node | undefined): string | undefined =>
  node && ts.isStringLiteralLike(node) ? node.text : undefined;

const namesIn = (values: ts.Expression | undefined): (string | undefined)[] =>
  values && ts.isObjectLiteralExpression(values)
    ? values.properties.map((property) => property.name?.getText())
    : [];

const counted = (names: (string | undefined)[]): Text['counted'] =>
  !names.includes('count') ? 'no' : names.includes('ordinal') ? 'ordinal' : 'cardinal';

const attribute = (element: ts.JsxOpeningLikeElement, name: string): ts.JsxAttribute | undefined =>
  element.attributes.properties.find(
    (property): property is ts.JsxAttribute =>
      ts.isJsxAttribute(property) && property.name.getText() === name,
  );

/** The texts of a map: its values, whatever they are nested in, without its keys. */
function valuesIn(node: ts.Node, found: string[] = []): string[] {
  const text = literal(node);
  if (text) found.push(text);
  else if (text === '') return found;
  else ts.forEachChild(node, (child) => void (isKey(child) || valuesIn(child, found)));
  return found;
}

const isKey = (node: ts.Node): boolean => ts.isPropertyAssignment(node.parent) && node.parent.name === node;

const called = (node: ts.Node): string | undefined =>
  ts.isCallExpression(node) && ts.isIdentifier(node.expression) ? node.expression.text : undefined;

function textsAt(node: ts.Node): Text[] {
  if (ts.isCallExpression(node) && called(node) === 'phrases')
    return node.arguments.flatMap((map) => valuesIn(map)).map((text) => ({ text, counted: 'no' }));
  if (ts.isCallExpression(node) && markers.has(called(node) ?? ''))
    return textOf(literal(node.arguments[0]), counted(namesIn(node.arguments[1])));
  if (ts.isJsxOpeningLikeElement(node) && node.tagName.getText() === 'Trans') {
    const given = attribute(node, 'i18nKey')?.initializer;
    return textOf(
      literal(given && ts.isJsxExpression(given) ? given.expression : given),
      counted(attribute(node, 'count') ? ['count'] : []),
    );
  }
  return [];
}

const textOf = (text: string | undefined, how: Text['counted']): Text[] =>
  text === undefined ? [] : [{ text, counted: how }];

export const parse = (source: string, file: string): ts.SourceFile =>
  ts.createSourceFile(
    file,
    source,
    ts.ScriptTarget.Latest,
    true,
    file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
  );

/** Every text marked by `t()`, `phrase()`, `phrases()` or `<Trans i18nKey>` in the source of a module. */
export function textsIn(source: string, file: string): Text[] {
  const found: Text[] = [];
  const visit = (node: ts.Node): void => {
    found.push(...textsAt(node));
    ts.forEachChild(node, visit);
  };
  visit(parse(source, file));
  return found;
}
