import ts from 'typescript';
import { parse } from './texts.js';

/** Attributes whose words a person reads or hears. */
const spoken = new Set(
  'action alt aria-label aria-valuetext caption confirm description header label legend note nothingFoundMessage placeholder sub suffix thumbLabel title unit what'.split(
    ' ',
  ),
);

const translating = new Set(['t', 'phrase', 'phrases']);
/** Calls whose arguments are for machines. */
const technical = /(^|\.)(closest|fetch|getRouteApi|includes|matchMedia|querySelector|split|startsWith)$/;

/** Names, keys and units that are the same in every language. */
const sameEverywhere = new Set(
  'Alt Control Ctrl Dead Deutsch End English Enter Escape Home Lineside Meta Process Shift Space Tab Unidentified min ms px'.split(
    ' ',
  ),
);
const isSame = (text: string): boolean =>
  text.startsWith('export LINESIDE_API_KEY=') ||
  text.split(/[ +]/).every((part) => part.length < 2 || sameEverywhere.has(part));

const words = /\p{L}{2}/u;
/** Two words in a row, or one with a capital at its start and small letters behind. */
const prose = /^\p{Lu}\p{Ll}+$|^\p{Lu}?[\p{Ll}’]+[,.:;]? [\p{L}{]/u;

/** The written parts of a literal, with a space for each expression in it. */
function written(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join(' ');
}

const isNameOrType = (node: ts.Node): boolean =>
  ts.isTypeNode(node.parent) ||
  ts.isImportDeclaration(node.parent) ||
  ts.isExportDeclaration(node.parent) ||
  ts.isElementAccessExpression(node.parent) ||
  ts.isCaseClause(node.parent) ||
  (ts.isJsxAttribute(node.parent) && /^(className|data-.*)$/.test(node.parent.name.getText())) ||
  (ts.isPropertyAssignment(node.parent) && node.parent.name === node) ||
  (ts.isBinaryExpression(node.parent) && /^[!=]==$/.test(node.parent.operatorToken.getText()));

/** Whether a literal is shown as it is: the child or spoken attribute of an element, through choices between literals. */
function isShown(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isConditionalExpression(parent)) return parent.condition !== node && isShown(parent);
  if (ts.isParenthesizedExpression(parent)) return isShown(parent);
  if (ts.isJsxAttribute(parent)) return spoken.has(parent.name.getText());
  return ts.isJsxExpression(parent) && (!ts.isJsxAttribute(parent.parent) || isShown(parent));
}

export interface HardCoded {
  /** 1-based. */
  line: number;
  text: string;
}

/** Words in the source of a module that a person would see and no catalogue has. */
export function hardCodedIn(source: string, file: string): HardCoded[] {
  const root = parse(source, file);
  const found: HardCoded[] = [];
  const report = (node: ts.Node, text: string): void => {
    if (isSame(text.trim())) return;
    found.push({ line: root.getLineAndCharacterOfPosition(node.getStart(root)).line + 1, text: text.trim() });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const called = node.expression.getText(root);
      if (translating.has(called)) {
        for (const value of node.arguments.slice(1)) visit(value);
        return;
      }
      if (technical.test(called)) {
        visit(node.expression);
        return;
      }
    }
    if (ts.isNewExpression(node) && node.expression.getText(root).endsWith('Error')) return;
    if (ts.isJsxOpeningLikeElement(node) && node.tagName.getText(root) === 'Trans') return;
    if (ts.isJsxText(node) && words.test(node.text)) report(node, node.text);
    const text = written(node);
    if (text !== undefined && !isNameOrType(node) && (isShown(node) ? words : prose).test(text))
      report(node, text);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
}
