/** Release whose packages are taken; the containers bring their own C library, so the host's release does not matter. */
const release = "trixie";
const components = "main contrib non-free";

/**
 * Packages that count as installed, so that nothing is brought that a container without an init system and without
 * maintainer scripts has no use for. libllvm is PostgreSQL's compiler of queries, 100 MB.
 */
const leftOut = [
  ...["adduser", "cron", "daemon", "dbus", "dbus-x11", "debconf", "dpkg", "gsfonts", "init-system-helpers"],
  ...[
    "libllvm19",
    "libperl5.40",
    "login",
    "logrotate",
    "lsb-base",
    "mailcap",
    "media-types",
    "netbase",
    "passwd",
  ],
  ...["perl", "perl-base", "perl-modules-5.40", "postgresql-client-common", "postgresql-common", "procps"],
  ...[
    "postgresql-common-dev",
    "python3-cryptography-vectors",
    "python3-urwid",
    "python3-wxgtk4.0",
    "runit-helper",
  ],
  ...[
    "sensible-utils",
    "ssl-cert",
    "systemd",
    "systemd-standalone-sysusers",
    "sysvinit-utils",
    "ucf",
    "util-linux",
  ],
  "x11-common",
];

/** What belongs into the content address of an image made from these packages. */
export const archiveRecipe = { release, components, leftOut };

/** What no program reads in a container: documents, translations, the init system's files, PostgreSQL's query compiler. */
export const unpacked = {
  without: [
    "./etc/init.d",
    "./usr/lib/*/gconv",
    "./usr/lib/postgresql/*/lib/bitcode",
    "./usr/lib/postgresql/*/lib/llvmjit.so",
    "./usr/lib/systemd",
    "./usr/share/bash-completion",
    "./usr/share/bug",
    "./usr/share/doc",
    "./usr/share/fonts",
    "./usr/share/i18n",
    "./usr/share/icons",
    "./usr/share/info",
    "./usr/share/lintian",
    "./usr/share/locale",
    "./usr/share/man",
  ],
  /** Folders of Python sources, which the packages' scripts would compile: without, every start does. */
  compiled: ["usr/lib/python3", "usr/lib/python3.13", "usr/share/sabnzbdplus"],
  /** Folders that live below /usr since Debian merged them. */
  merged: ["bin", "lib", "lib64", "sbin"],
};
