/** Text as a part of a LIKE pattern, in which a wildcard is a letter like any other. */
export const literally = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);

/** A LIKE pattern that finds the text anywhere. */
export const containing = (text: string): string => `%${literally(text)}%`;
