import { network } from './network.ts'

/** Configuration files of the node's programs, as text. */

export const cni = () =>
  JSON.stringify({
    cniVersion: '0.4.0',
    name: 'millrace',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: '/run/millrace-cluster/ipam',
          ranges: [[{ subnet: network.pods }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  })

/** `restrict_oom_score_adj`: without CAP_SYS_RESOURCE runc dies on the negative score that pods would get. */
export const containerd = (dir: string, run: string) => `version = 2
root = "${dir}/containerd"
state = "${run}/containerd"
[grpc]
  address = "${run}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${dir}/cni"
`

export const PAUSE_IMAGE = 'localhost/pause:1'

export const kubelet = (dir: string, run: string) => `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
clusterDNS: ["${network.dns}"]
clusterDomain: cluster.local
containerRuntimeEndpoint: unix://${run}/containerd.sock
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 100Mi, nodefs.available: "1%", imagefs.available: "1%"}
resolvConf: ${dir}/resolv.conf
registerNode: true
`

export const resolvConf = () => `nameserver ${network.dns}\n`

export const corefile = (kubeconfig: string) => `.:53 {
  bind ${network.dns}
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${kubeconfig} test
    pods insecure
    ttl 5
  }
  cache 5
  errors
}
`

const VOLUMES = 6

/** Volumes made beforehand: a claim gets the next free one. */
export const storage = (dir: string) =>
  [
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: {
        name: 'standard',
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    ...volumePaths(dir).map((path, index) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `volume-${index}` },
      spec: {
        capacity: { storage: '10Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'standard',
        hostPath: { path },
      },
    })),
  ]
    .map((object) => JSON.stringify(object))
    .join('\n---\n')

export const volumePaths = (dir: string): string[] =>
  Array.from({ length: VOLUMES }, (_, index) => `${dir}/volumes/${index}`)
