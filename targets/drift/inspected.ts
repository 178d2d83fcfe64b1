import type { Access } from "../../components/storage/seeding.ts";

/** What Docker's inspection gives, as far as it is compared. Lists and records may be null. */

export interface InspectedHealth {
  Test?: string[] | null;
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

/** What an image sets for its containers. */
export interface InspectedImage {
  Id: string;
  Config: {
    User?: string;
    Env?: string[] | null;
    Cmd?: string[] | null;
    Entrypoint?: string | string[] | null;
    WorkingDir?: string;
    Labels?: Record<string, string> | null;
    Volumes?: Record<string, unknown> | null;
    Healthcheck?: InspectedHealth | null;
    StopSignal?: string;
  };
}

export interface InspectedContainer {
  Id: string;
  Name: string;
  /** Id of the image it was made from. */
  Image: string;
  State: { Status: string; Running: boolean; ExitCode: number; StartedAt: string };
  Config: InspectedImage["Config"] & { Image: string; StopTimeout?: number | null };
  HostConfig: {
    NetworkMode?: string;
    PortBindings?: Record<string, { HostIp?: string; HostPort: string }[] | null> | null;
    RestartPolicy?: { Name: string; MaximumRetryCount?: number };
    LogConfig?: { Type: string; Config?: Record<string, string> | null };
    CapAdd?: string[] | null;
    CapDrop?: string[] | null;
    GroupAdd?: string[] | null;
    SecurityOpt?: string[] | null;
    Privileged?: boolean;
    ReadonlyRootfs?: boolean;
    Init?: boolean | null;
    Memory?: number;
    MemorySwap?: number;
    CpuPeriod?: number;
    CpuQuota?: number;
    NanoCpus?: number;
    Tmpfs?: Record<string, string> | null;
    Sysctls?: Record<string, string> | null;
    Devices?: { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[] | null;
    DeviceRequests?:
      | {
          Driver: string;
          Count: number;
          DeviceIDs?: string[] | null;
          Capabilities?: string[][] | null;
        }[]
      | null;
    PidMode?: string;
    IpcMode?: string;
    UTSMode?: string;
    UsernsMode?: string;
    MaskedPaths?: string[] | null;
    ReadonlyPaths?: string[] | null;
    [other: string]: unknown;
  };
  Mounts: { Type: string; Name?: string; Source: string; Destination: string; RW: boolean }[];
  NetworkSettings: {
    Networks: Record<
      string,
      { IPAMConfig?: { IPv4Address?: string } | null; Aliases?: string[] | null }
    > | null;
  };
}

export interface InspectedNetwork {
  Id: string;
  Name: string;
  Driver: string;
  Internal: boolean;
  EnableIPv6?: boolean;
  Options?: Record<string, string> | null;
  Labels?: Record<string, string> | null;
  IPAM?: { Config?: { Subnet?: string; Gateway?: string }[] | null };
  /** Running containers on it, by id. */
  Containers?: Record<string, { Name: string; IPv4Address?: string }> | null;
}

export interface InspectedVolume {
  Name: string;
  Driver: string;
  Options?: Record<string, string> | null;
  Labels?: Record<string, string> | null;
}

/** What the engine can hold a container to; it takes other limits silently and does not keep them. */
export interface EngineLimits {
  memory: boolean;
  swap: boolean;
  cpu: boolean;
}

export interface InspectedFile extends Access {
  text: string;
}

/** A stack as it is on the host. */
export interface InspectedStack {
  containers: InspectedContainer[];
  networks: InspectedNetwork[];
  volumes: InspectedVolume[];
  /** By id and by every reference the program names; without those that are not on the host. */
  images: ReadonlyMap<string, InspectedImage>;
  /** The files one-shot containers wrote, by container and path. */
  files: ReadonlyMap<string, ReadonlyMap<string, InspectedFile>>;
  limits: EngineLimits;
}
