import {
  CommandMessage,
  DesiredState,
  downChannels,
  downTopic,
  EnrolRequest,
  EnrolResponse,
  EventMessage,
  FrameMessage,
  GoldenFrames,
  isRetained,
  type Message,
  ModelManifest,
  PresenceMessage,
  ReceiptMessage,
  RemoteSettings,
  RenewRequest,
  RenewResponse,
  ReportedState,
  ResultMessage,
  TelemetryMessage,
  upChannels,
  upTopic,
} from '@lineside/shared';
import type { TSchema } from 'typebox';

/** The part of JSON Schema that the messages use. */
interface Node {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  description?: string;
  properties?: Record<string, Node>;
  required?: string[];
  items?: Node;
  anyOf?: Node[];
  patternProperties?: Record<string, Node>;
  contentEncoding?: string;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

const range = (unit: string, low?: number, high?: number): string =>
  low === undefined && high === undefined ? '' : ` ${unit}${low ?? 0}…${high ?? ''}`.trimEnd();

function typeOf(node: Node): string {
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.enum) return node.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' \\| ');
  if (node.contentEncoding === 'binary') return 'bytes';
  if (node.anyOf) return node.anyOf.map(typeOf).join(' \\| ');
  if (node.items) return `array of ${typeOf(node.items)}${range('', node.minItems, node.maxItems)}`;
  if (node.patternProperties) return `map of ${typeOf(Object.values(node.patternProperties)[0] ?? {})}`;
  if (node.type === 'string') return `string${range('', node.minLength, node.maxLength)}`;
  if (node.type === 'number' || node.type === 'integer') {
    return `${node.type}${range('', node.minimum ?? node.exclusiveMinimum, node.maximum)}`;
  }
  return node.type ?? 'any';
}

function rows(node: Node, path = ''): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const name = path ? `${path}.${key}` : key;
    const optional = node.required?.includes(key) ? '' : '?';
    const nested = [child, ...(child.anyOf ?? [])].flatMap((part) => [
      ...rows(part, name),
      ...(part.items
        ? [part.items, ...(part.items.anyOf ?? [])].flatMap((item) => rows(item, `${name}[]`))
        : []),
    ]);
    return [`| \`${name}\`${optional} | ${typeOf(child)} | ${child.description ?? ''} |`, ...nested];
  });
}

const fields = (schema: TSchema): string =>
  ['| field | type | meaning |', '|---|---|---|', ...rows(schema as Node)].join('\n');

function section(title: string, message: Message<TSchema>, note: string): string {
  return [
    `### ${title}`,
    note,
    `Version ${message.version}, ${message.encoding.toUpperCase()}.`,
    fields(message.schema),
  ].join('\n\n');
}

const channels: Record<string, Message<TSchema>> = {
  frame: FrameMessage,
  telemetry: TelemetryMessage,
  event: EventMessage,
  reported: ReportedState,
  presence: PresenceMessage,
  result: ResultMessage,
  desired: DesiredState,
  receipt: ReceiptMessage,
  command: CommandMessage,
};
const notes: Record<string, string> = {
  frame: 'One flagged frame with its picture. It stays in the spool of the device until its receipt arrives.',
  telemetry: 'Counters since the agent started, and gauges.',
  event: 'Something a person should be able to read later.',
  reported: 'What the device really runs, and how the last update went.',
  presence: 'Online while connected; the last will says offline.',
  result: 'The answer to a command.',
  desired: 'What the device should run. It needs this and the signed target: both.',
  receipt: 'The server has the frame for good, or never will. Either way it may leave the spool.',
  command: 'One request to one device.',
};

/** The text of docs/protocol.md, made from the schemas. */
export function protocolDocument(): string {
  const topicRows = [
    ...upChannels.map((channel) => [upTopic('<deviceId>', channel), 'device', channel] as const),
    ...downChannels.map((channel) => [downTopic('<deviceId>', channel), 'fleet server', channel] as const),
  ].map(([topic, sender, channel]) => `| \`${topic}\` | ${sender} | ${isRetained(channel) ? 'yes' : ''} |`);
  return `${[
    '# Protocol',
    'Made from the schemas in `shared/src/protocol` by `npm run docs:protocol`; a test fails when it is out of date.',
    `MQTT 3.1.1 over TLS with a client certificate; the client id is the device id, which is the certificate's common name.
A device publishes and subscribes under its own id only, without wildcards. QoS 1; telemetry QoS 0. A payload that does
not validate is kept in quarantine and counted.`,
    ['| topic | sender | retained |', '|---|---|---|', ...topicRows].join('\n'),
    '## Messages',
    ...[...upChannels, ...downChannels].map((channel) =>
      section(`\`${channel}\``, channels[channel] as Message<TSchema>, notes[channel] ?? ''),
    ),
    '### Settings from afar',
    "`config.settings` of the desired state: each section in the place of the one in the device's own file. A field that has a default may be absent.",
    fields(RemoteSettings),
    '## Model package',
    section(
      'Manifest',
      ModelManifest,
      'The signed TUF target. It pins length and SHA-256 of the other files, which are fetched from `GET /artifacts/<sha256>` on the device port.',
    ),
    section('Golden frames', GoldenFrames, 'Pictures with the answers the trainer got.'),
    '## Enrolment',
    section(
      'Request',
      EnrolRequest,
      '`POST /enrol` on the device port. The claim token is `<secret>.<SHA-256 of the fleet CA>`: the device compares the authority it is shown before it sends the secret.',
    ),
    section('Response', EnrolResponse, 'Everything a device needs to connect from then on.'),
    section(
      'Renewal',
      RenewRequest,
      '`POST /renew` on the device port, with the certificate in force, when a third of its life is left. The key pair is a new one.',
    ),
    section(
      'Renewed',
      RenewResponse,
      'Both certificates are good until the new one is used for the first time.',
    ),
  ].join('\n\n')}\n`;
}
