import { LinesideError } from '@lineside/shared';
import { jobFiles } from '../learning/torch/job-folder.js';
import { runTrainerProcess } from './child.js';
import type { Launcher, LaunchOptions } from './launcher.js';
import { throughSharedFolder } from './shared-folder.js';

export interface KubernetesOptions {
  readonly kubectl: string;
  readonly namespace: string;
  readonly image: string;
  /** Claim of the volume that the server has mounted at `sharedDir`. */
  readonly volumeClaim: string;
  readonly sharedDir: string;
  /** The trainer, without its job. */
  readonly command: string;
  readonly gpus: number;
}

const forgottenAfterSeconds = 3600;

/** The pod sees its own job's folder, of which it may write the output alone, and no credential of the cluster. */
export function jobManifest(name: string, options: KubernetesOptions): object {
  const mount = (mountPath: string, subPath: string, readOnly: boolean) => {
    return { name: 'shared', mountPath, subPath, readOnly };
  };
  const [program = '', ...args] = options.command.split(' ');
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels: { 'app.kubernetes.io/name': 'lineside-trainer' } },
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: forgottenAfterSeconds,
      template: {
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          // The server's own, whose files these are.
          securityContext: { runAsUser: process.getuid?.(), runAsGroup: process.getgid?.() },
          containers: [
            {
              name: 'trainer',
              image: options.image,
              command: [program],
              args: [...args, '--job', `/job/${jobFiles.job}`],
              resources: options.gpus > 0 ? { limits: { 'nvidia.com/gpu': String(options.gpus) } } : {},
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              volumeMounts: [
                mount('/job', name, true),
                mount(`/job/${jobFiles.output}`, `${name}/${jobFiles.output}`, false),
                { name: 'memory', mountPath: '/dev/shm' },
              ],
            },
          ],
          volumes: [
            { name: 'shared', persistentVolumeClaim: { claimName: options.volumeClaim } },
            { name: 'memory', emptyDir: { medium: 'Memory' } },
          ],
        },
      },
    },
  };
}

/**
 * A Kubernetes Job by `kubectl`, the manifest on its standard input: it knows every way of signing in to a cluster (kubeconfig,
 * cloud plug-ins, a service account), none of which then passes through the server.
 */
export function kubernetesLauncher(options: KubernetesOptions): Launcher {
  const kubectl = (args: readonly string[], launch: LaunchOptions, input?: string) => {
    const env = process.env.KUBECONFIG ? { KUBECONFIG: process.env.KUBECONFIG } : {};
    return runTrainerProcess(
      options.kubectl,
      ['--namespace', options.namespace, ...args],
      env,
      launch,
      input,
    );
  };
  const quietly = { onLine: () => undefined };
  const remove = (name: string) =>
    kubectl(['delete', 'job', name, '--ignore-not-found', '--cascade=foreground'], {
      ...quietly,
      signal: AbortSignal.timeout(120_000),
    });
  return {
    kind: 'kubernetes',
    run: (folder, { signal, onLine }) =>
      throughSharedFolder(options.sharedDir, folder, async (name) => {
        await remove(name);
        let done = false;
        const hear = (line: unknown) => {
          done ||= typeof line === 'object' && line !== null && 'type' in line && line.type === 'done';
          onLine(line);
        };
        try {
          const manifest = JSON.stringify(jobManifest(name, options));
          await kubectl(['apply', '-f', '-'], { ...quietly, signal }, manifest);
          // A cluster may have no room for hours.
          const logs = ['logs', '--follow', '--pod-running-timeout=24h', `job/${name}`];
          await kubectl(logs, { onLine: hear, signal });
        } finally {
          await remove(name);
        }
        if (!done) throw new LinesideError('training_failed', 'the Kubernetes job ended before its work did');
      }),
  };
}
