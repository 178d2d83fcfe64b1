/*
 * standin: one static program that plays the part of a media-server container in rehearsals.
 *
 * It is the only file of its image (as /standin), runs as PID 1 without a shell, and offers:
 *   serve, listen   answer on the ports of the real program, after checking the container's limits
 *   check           a health check from inside the container
 *   probe           try thousands of TCP and UDP targets at once and say what became of each
 *   routes          print the routes and interfaces of the network namespace
 *   neighbours      print how full the kernel's table of IPv4 neighbours is, from the host's namespace
 *   seed            make directories, copy and remove files, and set owners and modes in volumes
 *
 * Build: cc -std=c11 -Wall -Wextra -Os -static -s -o standin standin.c
 * Exit status: 0 good, 1 a failure told on stderr, 2 bad usage.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char USAGE[] =
    "usage: standin serve [--name NAME] [--http PORT:PATH]... [--tcp PORT]... [--udp PORT]...\n"
    "               [--writable DIR]... [--readable FILE]... [--readonly-root]\n"
    "               [--no-capability-but MASKHEX] [--no-new-privs] [--unhealthy]\n"
    "               [--exit-after SECONDS CODE] [--stop-after-signal | --ignore-term]\n"
    "       standin listen tcp|udp PORT ADDRESS\n"
    "       standin check http PORT PATH | check tcp PORT\n"
    "       standin probe FILE [--only RESULT,...] [--within CIDR]...   (FILE - is standard input)\n"
    "               lines of FILE: ID tcp|udp HOST PORT TIMEOUT_MS TRIES\n"
    "               results: open refused unreachable timeout unresolved error\n"
    "       standin routes\n"
    "       standin neighbours\n"
    "       standin seed OP...     (own:UID:GID:PATH own-tree:UID:GID:DIR mode:OCTAL:PATH mkdir:DIR\n"
    "               only:DIR//NAME/NAME..., which removes the other files of DIR\n"
    "               copy:FILE//FILE, which replaces the second one whole)\n";

/* ---- small helpers ---------------------------------------------------------------------- */

static void say(const char *format, va_list values) {
    char line[1024];
    vsnprintf(line, sizeof line, format, values);
    fprintf(stderr, "standin: %s\n", line);
}

/* Returns 1, the exit status of a failed sub-command. */
static int fail(const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(format, values);
    va_end(values);
    return 1;
}

static _Noreturn void usage(const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(format, values);
    va_end(values);
    fputs(USAGE, stderr);
    exit(2);
}

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The time left until `deadline`, as poll and epoll_wait want it. */
static int left_ms(int64_t deadline, int64_t now) {
    return deadline <= now ? 0 : deadline - now > 3600000 ? 3600000 : (int)(deadline - now);
}

/* Strict: digits only, all of the text, within the bounds. Returns -1 when it is not so. */
static int64_t number(const char *text, int base, int64_t low, int64_t high) {
    int64_t value = 0;
    size_t n = strlen(text);
    if (n == 0 || n > 12 || strspn(text, base == 8 ? "01234567" : "0123456789") != n) return -1;
    for (; *text; text++) value = value * base + (*text - '0');
    return value < low || value > high ? -1 : value;
}

static int64_t argument_number(const char *what, const char *text, int64_t low, int64_t high) {
    int64_t value = number(text, 10, low, high);
    if (value < 0) usage("bad %s: %s", what, text);
    return value;
}

/* A path that can stand in a request line. */
static const char *http_path(const char *path) {
    const char *p = path;
    while (*p > ' ' && *p < 127) p++;
    if (*path != '/' || *p || p - path > 1000) usage("bad path: %s", path);
    return path;
}

static struct sockaddr_in socket_address(struct in_addr address, int port) {
    struct sockaddr_in it = { .sin_family = AF_INET, .sin_addr = address };
    it.sin_port = htons((uint16_t)port);
    return it;
}

/* Raises the limit of open files as far as `wanted`, where possible. Returns what there is, if fewer. */
static size_t open_files(size_t wanted) {
    struct rlimit files = { 0, 0 };
    getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &files);
        getrlimit(RLIMIT_NOFILE, &files);
    }
    return files.rlim_cur < wanted ? files.rlim_cur : wanted;
}

static volatile sig_atomic_t serving;

/* Leaving right here makes a stop take no longer than the signal itself. */
static void stop(int signal_number) {
    _exit(serving ? 0 : 128 + signal_number);
}

/* PID 1 has no default signal actions: without handlers a stop would wait for SIGKILL. */
static void set_signals(void) {
    static const int stops[] = { SIGTERM, SIGINT, SIGQUIT };
    sigset_t none;
    for (size_t i = 0; i < COUNT(stops); i++)
        sigaction(stops[i], &(struct sigaction){ .sa_handler = stop }, NULL);
    sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
    /* Ignoring SIGCHLD has the kernel reap every child, orphans given to PID 1 included. */
    sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_IGN, .sa_flags = SA_NOCLDWAIT }, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* ---- serve and listen ------------------------------------------------------------------- */

enum {
    MAX_PORTS = 256,
    MAX_PATHS = 512,
    MAX_CONNS = 256,
    MAX_NAME = 64, /* keeps every answer far below a fresh socket's send buffer */
    REQUEST_MAX = 8192,
    CONN_MS = 5000,
    BURST = 128, /* accepts or datagrams handled in one go for one port */
};

enum kind { TCP, HTTP, UDP };

static struct port { enum kind kind; int number; } ports[MAX_PORTS];
static struct { int port; const char *path; } paths[MAX_PATHS];
static struct conn {
    size_t port, used;
    int64_t deadline;
    bool draining; /* answered; only waiting for the client to close */
    char data[REQUEST_MAX + 1];
} conns[MAX_CONNS];
static size_t port_count, path_count, conn_limit;
static struct pollfd polled[MAX_PORTS + MAX_CONNS]; /* the ports, then one for each of conns */
static const char *serve_name = "standin";
static bool unhealthy;

/* A TCP port given both as --tcp and as --http is an HTTP port. */
static void add_port(enum kind kind, const char *text, const char *path) {
    int wanted = (int)argument_number("port", text, 1, 65535);
    size_t i = 0;
    while (i < port_count && (ports[i].number != wanted || (ports[i].kind == UDP) != (kind == UDP))) i++;
    if (i == MAX_PORTS || path_count == MAX_PATHS) usage("too many ports or paths");
    if (i == port_count) ports[port_count++] = (struct port){ kind, wanted };
    if (kind == HTTP) {
        ports[i].kind = HTTP;
        paths[path_count].port = wanted;
        paths[path_count++].path = http_path(path);
    }
}

static void drop(size_t slot) {
    close(polled[port_count + slot].fd);
    polled[port_count + slot].fd = -1;
}

/* A slot for a new connection; the oldest one gives way when all are taken. */
static size_t free_slot(void) {
    size_t oldest = 0;
    for (size_t i = 0; i < conn_limit; i++) {
        if (polled[port_count + i].fd < 0) return i;
        if (conns[i].deadline < conns[oldest].deadline) oldest = i;
    }
    drop(oldest);
    return oldest;
}

/* Sends the answer and closes for sending only: closing at once with unread input would send a
 * reset, which can destroy the answer before the client has read it. */
static void answer(size_t slot, const char *text, size_t size) {
    int fd = polled[port_count + slot].fd;
    if (send(fd, text, size, MSG_NOSIGNAL) != (ssize_t)size || shutdown(fd, SHUT_WR) < 0) {
        drop(slot);
        return;
    }
    conns[slot].draining = true;
    conns[slot].used = 0;
}

static bool known_path(int port, const char *target) {
    size_t plain = strcspn(target, "?");
    if (plain == 1 && *target == '/') return true;
    for (size_t i = 0; i < path_count; i++)
        if (paths[i].port == port &&
            (strcmp(paths[i].path, target) == 0 ||
                (strlen(paths[i].path) == plain && memcmp(paths[i].path, target, plain) == 0)))
            return true;
    return false;
}

static void answer_http(size_t slot) {
    struct conn *c = &conns[slot];
    const char *status = "400 Bad Request", *word = "bad request";
    char reply[512], body[MAX_NAME + 32];
    c->data[c->used] = '\0';
    char *target = strchr(c->data, ' ');
    char *end = target ? strpbrk(target + 1, " \r\n") : NULL;
    if (end && strncmp(end, " HTTP/1.", 8) == 0) {
        *end = '\0';
        if (!known_path(ports[c->port].number, target + 1))
            status = "404 Not Found", word = "not found";
        else if (unhealthy)
            status = "503 Service Unavailable", word = "unhealthy";
        else
            status = "200 OK", word = "ok";
    }
    int size = snprintf(body, sizeof body, "%s %s\n", serve_name, word);
    bool head = strncmp(c->data, "HEAD ", 5) == 0;
    int length = snprintf(reply, sizeof reply,
        "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
        status, size, head ? "" : body);
    answer(slot, reply, (size_t)length);
}

static void take_connections(size_t port) {
    char text[MAX_NAME + 16];
    int size = snprintf(text, sizeof text, "%s %d\n", serve_name, ports[port].number);
    for (int n = 0; n < BURST; n++) {
        int fd = accept4(polled[port].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
            return; /* the machine's shortage, it passes; not waiting would make this loop spin */
        }
        if (fd < 0 && (errno == EAGAIN || errno == EBADF || errno == EINVAL)) return;
        if (fd < 0) continue; /* EINTR, ECONNABORTED or an error of that one connection */
        if (unhealthy && ports[port].kind == TCP) {
            close(fd);
            continue;
        }
        size_t slot = free_slot();
        polled[port_count + slot] = (struct pollfd){ fd, POLLIN, 0 };
        conns[slot].port = port;
        conns[slot].used = 0;
        conns[slot].draining = false;
        conns[slot].deadline = now_ms() + CONN_MS;
        if (ports[port].kind == TCP) answer(slot, text, (size_t)size);
    }
}

static void read_connection(size_t slot) {
    struct conn *c = &conns[slot];
    ssize_t got = recv(polled[port_count + slot].fd, c->data + c->used, REQUEST_MAX - c->used, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        drop(slot);
        return;
    }
    c->used += (size_t)got;
    if (!c->draining && (memmem(c->data, c->used, "\r\n\r\n", 4) || memmem(c->data, c->used, "\n\n", 2)))
        answer_http(slot);
    else if (c->used == REQUEST_MAX)
        drop(slot);
}

/* Replies from the very address that was asked, also where the container has several networks. */
static void answer_datagrams(size_t port) {
    char data[2048], text[MAX_NAME + 16];
    int size = snprintf(text, sizeof text, "%s %d\n", serve_name, ports[port].number);
    for (int n = 0; n < BURST; n++) {
        union { struct cmsghdr aligned; char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))]; } control;
        struct sockaddr_in from;
        struct iovec part = { data, sizeof data };
        struct msghdr message = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part,
            .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        if (recvmsg(polled[port].fd, &message, 0) < 0) {
            if (errno == EINTR) continue;
            return;
        }
        struct cmsghdr *info = CMSG_FIRSTHDR(&message);
        if (info) /* any interface, but that source address */
            ((struct in_pktinfo *)CMSG_DATA(info))->ipi_ifindex = 0;
        part = (struct iovec){ text, (size_t)size };
        sendmsg(polled[port].fd, &message, MSG_NOSIGNAL);
    }
}

/* Opens all ports, says so, and answers for ever (or until `exit_at`, when that is not 0). */
static int serve_ports(struct in_addr address, int64_t exit_at, int exit_code) {
    const int on = 1;
    for (size_t i = 0; i < port_count; i++) {
        bool udp = ports[i].kind == UDP;
        struct sockaddr_in at = socket_address(address, ports[i].number);
        int fd = socket(AF_INET, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int level = udp ? IPPROTO_IP : SOL_SOCKET, option = udp ? IP_PKTINFO : SO_REUSEADDR;
        if (fd < 0 || setsockopt(fd, level, option, &on, sizeof on) < 0 ||
            bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || (!udp && listen(fd, 4096) < 0))
            return fail("cannot listen on %s %d: %s", udp ? "udp" : "tcp", ports[i].number, strerror(errno));
        polled[i] = (struct pollfd){ fd, POLLIN, 0 };
    }
    /* Descriptors must last for all, and poll refuses more entries than there may be descriptors. */
    size_t files = open_files(port_count + MAX_CONNS + 16);
    conn_limit = files < port_count + 17 ? 1 : files - port_count - 16;
    for (size_t i = 0; i < conn_limit; i++) polled[port_count + i].fd = -1;
    printf("%s listening:", serve_name);
    for (size_t i = 0; i < port_count; i++) {
        printf("%s %s %d%s", i ? "," : "", ports[i].kind == UDP ? "udp" : "tcp", ports[i].number,
            ports[i].kind == HTTP ? " http" : "");
        for (size_t p = 0; p < path_count && ports[i].kind == HTTP; p++)
            if (paths[p].port == ports[i].number) printf(" %s", paths[p].path);
    }
    puts(port_count ? "" : " nothing");
    fflush(stdout);
    for (;;) {
        int64_t now = now_ms(), next = now + 3600000;
        if (exit_at && now >= exit_at) return exit_code;
        if (exit_at && exit_at < next) next = exit_at;
        for (size_t i = 0; i < conn_limit; i++) {
            if (polled[port_count + i].fd >= 0 && conns[i].deadline <= now)
                drop(i);
            else if (polled[port_count + i].fd >= 0 && conns[i].deadline < next)
                next = conns[i].deadline;
        }
        int count = poll(polled, port_count + conn_limit, left_ms(next, now));
        if (count < 0 && errno != EINTR && errno != EAGAIN && errno != ENOMEM)
            return fail("cannot poll: %s", strerror(errno));
        if (count <= 0) continue;
        for (size_t i = 0; i < conn_limit; i++)
            if (polled[port_count + i].fd >= 0 && polled[port_count + i].revents) read_connection(i);
        for (size_t i = 0; i < port_count; i++)
            if (polled[i].revents) ports[i].kind == UDP ? answer_datagrams(i) : take_connections(i);
    }
}

/* Prints one failed check and returns 1. */
static int bad_limit(const char *what, const char *path, const char *reason) {
    return fail("%s %s: %s (running as %u:%u)", what, path, reason, (unsigned)geteuid(), (unsigned)getegid());
}

/* Creates, fills and removes a file in `dir`. Returns 0 or the error's number. */
static int try_to_write(const char *dir) {
    char file[4096];
    if (snprintf(file, sizeof file, "%s/.standin-XXXXXX", dir) >= (int)sizeof file) return ENAMETOOLONG;
    int fd = mkstemp(file); /* unique also where containers, all PID 1, share the directory */
    if (fd < 0) return errno;
    int error = write(fd, "x", 1) == 1 ? 0 : errno;
    close(fd);
    return unlink(file) < 0 ? errno : error;
}

static int check_writable(const char *dir) {
    int error = try_to_write(dir);
    return error ? bad_limit("cannot write", dir, strerror(error)) : 0;
}

static int check_readonly_root(void) {
    int error = try_to_write("");
    if (error == EROFS || error == EACCES || error == EPERM) return 0;
    return bad_limit("no read-only root", "/", error ? strerror(error) : "can be written");
}

static int check_readable(const char *file) {
    int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return bad_limit("cannot read", file, strerror(errno));
    close(fd);
    if ((fd = open(file, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) < 0) return 0;
    close(fd);
    return bad_limit("can write", file, "it must be read-only");
}

/* A field of /proc/self/status, read as a hexadecimal number. */
static bool own_status(const char *field, unsigned long long *value) {
    char line[512];
    size_t size = strlen(field);
    bool found = false;
    FILE *f = fopen("/proc/self/status", "re");
    while (f && !found && fgets(line, sizeof line, f))
        found = strncmp(line, field, size) == 0 && sscanf(line + size, ":%llx", value) == 1;
    if (f) fclose(f);
    return found;
}

static int check_capabilities(const char *mask) {
    unsigned long long have;
    char text[80], *end;
    unsigned long long allowed = strtoull(mask, &end, 16);
    if (!isxdigit((unsigned char)*mask) || *end) usage("bad capability mask: %s", mask);
    if (!own_status("CapEff", &have)) return bad_limit("cannot read", "/proc/self/status", "no CapEff");
    snprintf(text, sizeof text, "has %llx, allowed are %llx", have, allowed);
    return have & ~allowed ? bad_limit("too many", "capabilities", text) : 0;
}

static int check_no_new_privs(void) {
    unsigned long long flag;
    bool set = own_status("NoNewPrivs", &flag) && flag == 1;
    return set ? 0 : bad_limit("cannot go on", "without no_new_privs", "it is not set");
}

static void set_name(const char *name) {
    size_t size = 0;
    while (isgraph((unsigned char)name[size])) size++;
    if (size == 0 || size > MAX_NAME || name[size]) usage("bad name: %s", name);
    serve_name = name;
}

static int serve(int argc, char **argv) {
    int bad = 0, exit_code = 0, i = 2;
    int64_t exit_at = 0;
    while (i < argc) {
        const char *option = argv[i++];
        if (strcmp(option, "--readonly-root") == 0) {
            bad += check_readonly_root();
        } else if (strcmp(option, "--no-new-privs") == 0) {
            bad += check_no_new_privs();
        } else if (strcmp(option, "--unhealthy") == 0) {
            unhealthy = true;
        } else if (strcmp(option, "--ignore-term") == 0) {
            signal(SIGTERM, SIG_IGN);
        } else if (strcmp(option, "--stop-after-signal") == 0) {
            signal(SIGTERM, stop); /* the default, in words */
        } else if (i == argc) {
            usage("unknown option, or its value is missing: %s", option);
        } else if (strcmp(option, "--name") == 0) {
            set_name(argv[i++]);
        } else if (strcmp(option, "--http") == 0) {
            char *path = argv[i++], *port = strsep(&path, ":");
            if (!path) usage("--http wants PORT:PATH, not %s", port);
            add_port(HTTP, port, path);
        } else if (strcmp(option, "--tcp") == 0) {
            add_port(TCP, argv[i++], NULL);
        } else if (strcmp(option, "--udp") == 0) {
            add_port(UDP, argv[i++], NULL);
        } else if (strcmp(option, "--writable") == 0) {
            bad += check_writable(argv[i++]);
        } else if (strcmp(option, "--readable") == 0) {
            bad += check_readable(argv[i++]);
        } else if (strcmp(option, "--no-capability-but") == 0) {
            bad += check_capabilities(argv[i++]);
        } else if (strcmp(option, "--exit-after") == 0 && i + 1 < argc) {
            exit_at = now_ms() + 1000 * argument_number("seconds", argv[i++], 0, 100000000);
            exit_code = (int)argument_number("exit code", argv[i++], 0, 255);
        } else {
            usage("unknown option, or a value is missing: %s", option);
        }
    }
    serving = 1;
    return bad ? 1 : serve_ports((struct in_addr){ htonl(INADDR_ANY) }, exit_at, exit_code);
}

static int listen_one(int argc, char **argv) {
    struct in_addr address;
    if (argc != 5 || (strcmp(argv[2], "tcp") && strcmp(argv[2], "udp")))
        usage("listen wants tcp|udp PORT ADDRESS");
    if (inet_pton(AF_INET, argv[4], &address) != 1) usage("bad address: %s", argv[4]);
    add_port(strcmp(argv[2], "udp") == 0 ? UDP : TCP, argv[3], NULL);
    serving = 1;
    return serve_ports(address, 0, 0);
}

/* ---- check ------------------------------------------------------------------------------ */

/* Waits for the socket; false, with errno set, when the time is up. */
static bool wait_for(int fd, short events, int64_t deadline) {
    struct pollfd p = { fd, events, 0 };
    int ready;
    while ((ready = poll(&p, 1, left_ms(deadline, now_ms()))) < 0 && errno == EINTR) continue;
    if (ready == 0) errno = ETIMEDOUT;
    return ready > 0;
}

static int check(int argc, char **argv) {
    bool http = argc == 5 && strcmp(argv[2], "http") == 0;
    if (!http && (argc != 4 || strcmp(argv[2], "tcp"))) usage("check wants http PORT PATH or tcp PORT");
    int port = (int)argument_number("port", argv[3], 1, 65535);
    const char *path = http ? http_path(argv[4]) : "";
    int64_t deadline = now_ms() + 2000;
    struct sockaddr_in to = socket_address((struct in_addr){ htonl(INADDR_LOOPBACK) }, port);
    int error = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail("check: no socket: %s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS && errno != EINTR)
        error = errno;
    else if (!wait_for(fd, POLLOUT, deadline))
        error = errno;
    else
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){ sizeof error });
    if (error) return fail("check: cannot connect to port %d: %s", port, strerror(error));

    char data[1200];
    size_t length = 0, used = 0;
    if (http)
        length = (size_t)snprintf(data, sizeof data,
            "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);
    while (used < length) {
        ssize_t n = send(fd, data + used, length - used, MSG_NOSIGNAL);
        if (n > 0)
            used += (size_t)n;
        else if ((errno != EAGAIN && errno != EINTR) || !wait_for(fd, POLLOUT, deadline))
            return fail("check: cannot send to port %d: %s", port, strerror(errno));
    }
    /* "HTTP/1.1 200" and the byte after it tell all; any first byte will do for tcp. */
    for (used = 0, length = http ? 13 : 1; used < length;) {
        ssize_t n = recv(fd, data + used, length - used, 0);
        if (n > 0)
            used += (size_t)n;
        else if (n == 0)
            return fail("check: port %d closed the connection%s", port, used ? " early" : " unanswered");
        else if ((errno != EAGAIN && errno != EINTR) || !wait_for(fd, POLLIN, deadline))
            return fail("check: no answer from port %d: %s", port, strerror(errno));
    }
    close(fd);
    data[used] = '\0';
    if (http && (strncmp(data, "HTTP/1.", 7) || data[8] != ' ' || !isdigit((unsigned char)data[11])))
        return fail("check: port %d does not speak HTTP/1", port);
    if (http && (strncmp(data + 9, "200", 3) || isdigit((unsigned char)data[12])))
        return fail("check: port %d answers status %.3s on %s", port, data + 9, path);
    return 0;
}

/* ---- probe: names ----------------------------------------------------------------------- */

enum { DNS_SLOTS = 200, DNS_SENDS = 3, DNS_MS = 1500, DNS_AGAIN_MS = 200, DNS_QUERY_MAX = 12 + 255 + 4 };
enum dns { DNS_FOREIGN, DNS_FOUND, DNS_NONE, DNS_FAILED };

/* Writes an A query. Returns its length, or 0 when `name` cannot be a host name. */
static size_t dns_query(uint8_t *q, unsigned id, const char *name) {
    size_t at = 12;
    memcpy(q, (uint8_t[]){ (uint8_t)(id >> 8), (uint8_t)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 }, 12);
    while (*name) {
        size_t label = strcspn(name, ".");
        if (label == 0 || label > 63 || at + 1 + label + 1 > 12 + 255) return 0;
        q[at] = (uint8_t)label;
        memcpy(q + at + 1, name, label);
        at += 1 + label;
        name += label + (name[label] == '.');
    }
    memcpy(q + at, (uint8_t[]){ 0, 0, 1, 0, 1 }, 5); /* root label, type A, class IN */
    return at == 12 ? 0 : at + 5;
}

/* Reads the answer to query `q`. Anything that does not repeat its id and question is foreign. */
static enum dns dns_answer(const uint8_t *m, size_t size, const uint8_t *q, size_t q_size,
    struct in_addr *found) {
    if (size < q_size || memcmp(m, q, 2) || (m[2] & 0xf8) != 0x80 || m[4] != 0 || m[5] != 1)
        return DNS_FOREIGN;
    for (size_t i = 12; i < q_size; i++) /* lengths are below 64: no letters to tolower */
        if (tolower(m[i]) != tolower(q[i])) return DNS_FOREIGN;
    if (m[3] & 15) return (m[3] & 15) == 3 ? DNS_NONE : DNS_FAILED;
    size_t at = q_size;
    for (unsigned records = (unsigned)m[6] << 8 | m[7]; records; records--) {
        while (at < size && m[at] && m[at] < 0xc0) at += m[at] + 1u; /* a label of the record's name */
        at += at < size && m[at] ? 2 : 1; /* a pointer, or the end of the name */
        if (at + 10 > size) break;
        size_t length = (size_t)m[at + 8] << 8 | m[at + 9];
        if (at + 10 + length > size) break;
        if (memcmp(m + at, (uint8_t[]){ 0, 1, 0, 1 }, 4) == 0 && length == 4) {
            memcpy(found, m + at + 10, 4);
            return DNS_FOUND;
        }
        at += 10 + length;
    }
    return DNS_NONE;
}

enum { IDLE, ASKED, FOUND };
static struct name {
    char *text;
    int32_t chain, next, waiting; /* same hash; names still to ask; targets waiting for it */
    struct in_addr address;
    int state;
} *names;
static int32_t name_count, names_to_ask = -1, name_heads[4096];

static struct {
    int32_t name; /* -1 when free */
    int sends;
    int64_t deadline;
    const char *trouble;
    size_t size;
    uint8_t query[DNS_QUERY_MAX];
} lookups[DNS_SLOTS];
static int dns_socket = -1;

static void *grown(void *array, int32_t count, size_t size) {
    if (count & (count - 1)) /* room is added at 0, 1, 2, 4, 8 ... */
        return array;
    array = realloc(array, (count ? 2 * (size_t)count : 1) * size);
    if (!array) exit(fail("out of memory"));
    return array;
}

static char *copied(const char *text) {
    char *copy = strdup(text);
    if (!copy) exit(fail("out of memory"));
    return copy;
}

/* The number of a name, -1 when it is unknown and not to be added. */
static int32_t name_number(const char *text, bool add) {
    uint32_t hash = 2166136261u;
    for (const char *p = text; *p; p++) hash = (hash ^ (uint32_t)tolower((unsigned char)*p)) * 16777619u;
    int32_t *head = &name_heads[hash % COUNT(name_heads)]; /* holds number + 1 */
    for (int32_t i = *head - 1; i >= 0; i = names[i].chain)
        if (strcasecmp(names[i].text, text) == 0) return i;
    if (!add) return -1;
    names = grown(names, name_count, sizeof *names);
    names[name_count] = (struct name){ .text = copied(text), .chain = *head - 1, .waiting = -1 };
    *head = ++name_count;
    return name_count - 1;
}

/* Takes what /etc/hosts knows and opens a socket to the first IPv4 server of /etc/resolv.conf. */
static void prepare_names(void) {
    char *line = NULL, *rest;
    size_t room = 0;
    struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(53) };
    struct in_addr address;
    FILE *f = fopen("/etc/hosts", "re");
    while (f && getline(&line, &room, f) > 0) {
        line[strcspn(line, "#")] = '\0';
        char *word = strtok_r(line, " \t\r\n", &rest);
        if (!word || inet_pton(AF_INET, word, &address) != 1) continue;
        while ((word = strtok_r(NULL, " \t\r\n", &rest))) {
            int32_t i = name_number(word, false);
            if (i >= 0 && names[i].state != FOUND) {
                names[i].state = FOUND;
                names[i].address = address;
            }
        }
    }
    if (f) fclose(f);
    f = fopen("/etc/resolv.conf", "re");
    while (f && dns_socket < 0 && getline(&line, &room, f) > 0) {
        char *word = strtok_r(line, " \t\r\n", &rest);
        char *value = strtok_r(NULL, " \t\r\n", &rest);
        if (!word || !value || strcmp(word, "nameserver") || inet_pton(AF_INET, value, &server.sin_addr) != 1)
            continue;
        dns_socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (dns_socket >= 0 && connect(dns_socket, (struct sockaddr *)&server, sizeof server) < 0) {
            close(dns_socket);
            dns_socket = -1;
        }
    }
    if (f) fclose(f);
    free(line);
    for (size_t i = 0; i < DNS_SLOTS; i++) lookups[i].name = -1;
}

/* ---- probe: targets --------------------------------------------------------------------- */

enum { MAX_FLIGHTS = 1000, PAUSE_MS = 250, DNS_EVENT = MAX_FLIGHTS, MAX_UNEXPLAINED = 10 };
enum result { OPEN, REFUSED, UNREACHABLE, TIMEOUT, UNRESOLVED, ERROR };
static const char *const results[] = { "open", "refused", "unreachable", "timeout", "unresolved", "error" };

/* Each unfinished target is in one place: waiting for its name, ready, in flight, or pausing. */
static struct target {
    char *id;
    int64_t pause_end;
    int32_t next, name, timeout, tries; /* name -1: the address was given */
    int32_t unexplained;
    struct in_addr address;
    uint16_t port;
    bool udp;
} *targets;
static int32_t target_count, done_count;
static struct list { int32_t head, tail; } ready = { -1, -1 }, pausing = { -1, -1 };
static struct { int fd; int32_t target; int64_t deadline; } flights[MAX_FLIGHTS];
static int free_flights[MAX_FLIGHTS], free_count, poller;
static unsigned shown = ~0u;

static void push(struct list *list, int32_t i) {
    targets[i].next = -1;
    if (list->head < 0)
        list->head = i;
    else
        targets[list->tail].next = i;
    list->tail = i;
}

static int32_t pop(struct list *list) {
    int32_t i = list->head;
    list->head = targets[i].next;
    return i;
}

/* Starts a try: straight to the ready ones, or by way of the name. */
static void begin(int32_t i) {
    struct target *t = &targets[i];
    struct name *n = t->name < 0 ? NULL : &names[t->name];
    if (n && n->state == FOUND) t->address = n->address;
    if (!n || n->state == FOUND) {
        push(&ready, i);
        return;
    }
    t->next = n->waiting;
    n->waiting = i;
    if (n->state == IDLE) {
        n->state = ASKED;
        n->next = names_to_ask;
        names_to_ask = t->name;
    }
}

/* One try is over. `detail` NULL stands for the address. */
static void finish(int32_t i, enum result result, const char *detail) {
    struct target *t = &targets[i];
    if (result != OPEN && result != ERROR && --t->tries > 0) {
        /* Quick failures pause, so that the next try finds the world a little later. */
        t->pause_end = now_ms() + PAUSE_MS;
        result == TIMEOUT ? begin(i) : push(&pausing, i);
        return;
    }
    done_count++;
    if (shown & 1u << result)
        printf("%s %s %s\n", t->id, results[result], detail ? detail : inet_ntoa(t->address));
}

static void finish_errno(int32_t i, int error) {
    if (error == 0 || error == ECONNRESET || error == EPIPE) /* a reset after the handshake: something listens */
        finish(i, OPEN, NULL);
    else if (error == ECONNREFUSED) /* a reset, or ICMP "port unreachable" (a firewall may send both) */
        finish(i, REFUSED, NULL);
    else if (error == ETIMEDOUT)
        finish(i, TIMEOUT, NULL);
    else if (error == ENETUNREACH || error == EHOSTUNREACH || error == EACCES || error == EPERM)
        finish(i, UNREACHABLE, strerror(error));
    else
        finish(i, ERROR, strerror(error));
}

/* A name is known, or given up for now (`trouble`): its targets go on. */
static void settle_name(int32_t number, const char *trouble) {
    int32_t i = names[number].waiting;
    names[number].waiting = -1;
    names[number].state = trouble ? IDLE : FOUND;
    while (i >= 0) {
        int32_t next = targets[i].next;
        if (trouble)
            finish(i, UNRESOLVED, trouble);
        else
            begin(i);
        i = next;
    }
}

/* Gives names to free slots, sends what is due, and gives up what was sent often enough. */
static void ask_names(int64_t now) {
    static unsigned serial;
    for (unsigned s = 0; s < DNS_SLOTS; s++) {
        int32_t number = lookups[s].name;
        if (number < 0 && names_to_ask >= 0) {
            number = names_to_ask;
            names_to_ask = names[number].next;
            /* The slot can be read from the id; the upper byte tells its users apart. */
            lookups[s].size = dns_query(lookups[s].query, serial++ << 8 | s, names[number].text);
            lookups[s].sends = 0;
            lookups[s].deadline = now;
            if (lookups[s].size == 0 || dns_socket < 0) {
                settle_name(number, dns_socket < 0 ? "no name server" : "not a host name");
                continue;
            }
            lookups[s].name = number;
        }
        if (number < 0 || lookups[s].deadline > now) continue;
        if (lookups[s].sends++ == DNS_SENDS) {
            lookups[s].name = -1;
            settle_name(number, lookups[s].trouble);
            continue;
        }
        if (send(dns_socket, lookups[s].query, lookups[s].size, MSG_NOSIGNAL) < 0)
            lookups[s].trouble = "name server cannot be reached";
        else
            lookups[s].trouble = "no answer from the name server";
        lookups[s].deadline = now + DNS_MS;
    }
}

static void read_names(void) {
    uint8_t m[2048];
    for (;;) {
        ssize_t size = recv(dns_socket, m, sizeof m, 0);
        if (size < 0 && errno == EAGAIN) return;
        if (size < 12 || m[1] >= DNS_SLOTS || lookups[m[1]].name < 0)
            continue; /* also EINTR, and ECONNREFUSED, which the timers handle */
        unsigned s = m[1];
        int32_t number = lookups[s].name;
        enum dns outcome = dns_answer(m, (size_t)size, lookups[s].query, lookups[s].size,
            &names[number].address);
        if (outcome == DNS_FAILED) {
            lookups[s].trouble = "failure of the name server";
            lookups[s].deadline = now_ms() + DNS_AGAIN_MS;
        } else if (outcome != DNS_FOREIGN) {
            lookups[s].name = -1;
            settle_name(number, outcome == DNS_FOUND ? NULL : "no such name");
        }
    }
}

/* Networks that may be sent to; none given means all. */
static struct { uint32_t base, mask; } within[512];
static size_t within_count;

static void allow_network(char *text) {
    char *slash = strchr(text, '/');
    struct in_addr base;
    long prefix;
    if (!slash || within_count == COUNT(within)) usage("bad network, or too many: %s", text);
    prefix = strtol(slash + 1, NULL, 10);
    *slash = '\0';
    if (inet_pton(AF_INET, text, &base) != 1 || prefix < 1 || prefix > 32) usage("bad network: %s", text);
    within[within_count].mask = (uint32_t)(0xffffffffu << (32 - prefix));
    within[within_count].base = ntohl(base.s_addr) & within[within_count].mask;
    within_count++;
}

static bool is_allowed(struct in_addr address) {
    for (size_t i = 0; i < within_count; i++)
        if ((ntohl(address.s_addr) & within[i].mask) == within[i].base) return true;
    return within_count == 0;
}

/* Sends a target on its way. False when sockets, ports or memory ran out: it stays ready. */
static bool launch(int32_t i) {
    struct target *t = &targets[i];
    struct sockaddr_in to = socket_address(t->address, t->port);
    int slot = free_flights[free_count - 1], error = 0;
    struct epoll_event event = { .events = t->udp ? EPOLLIN : EPOLLOUT, .data.u32 = (uint32_t)slot };
    int fd = socket(AF_INET, (t->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        error = errno;
    else if (!is_allowed(t->address))
        error = ENETUNREACH;
    else if (t->udp) /* report every ICMP error, not only "port unreachable" */
        setsockopt(fd, IPPROTO_IP, IP_RECVERR, &(int){ 1 }, sizeof(int));
    else /* close by reset: no port is left in TIME_WAIT */
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
    if (!error && connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS &&
        errno != EINTR)
        error = errno;
    if (!error && t->udp && send(fd, "standin probe\n", 14, MSG_NOSIGNAL) < 0) error = errno;
    if (!error && epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) error = errno;
    if (!error) {
        flights[slot].fd = fd;
        flights[slot].target = i;
        flights[slot].deadline = now_ms() + t->timeout;
        free_count--;
        return true;
    }
    if (fd >= 0) close(fd);
    bool shortage = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
        error == EAGAIN || error == EADDRNOTAVAIL;
    if (shortage && free_count < MAX_FLIGHTS) { /* the end of a flight will bring room */
        push(&ready, i);
        return false;
    }
    finish_errno(i, error);
    return true;
}

static void end_flight(int slot) {
    close(flights[slot].fd);
    flights[slot].fd = -1;
    free_flights[free_count++] = slot;
}

static void land(int slot, int error) {
    end_flight(slot);
    finish_errno(flights[slot].target, error);
}

static void look_at_flight(int slot) {
    struct target *t = &targets[flights[slot].target];
    struct sockaddr_in self = { .sin_family = 0 }, peer;
    char reply[16];
    int fd = flights[slot].fd, error = 0;
    if (!t->udp)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){ sizeof error });
    else if (recv(fd, reply, sizeof reply, 0) < 0)
        error = errno;
    if (error == EAGAIN || error == EINTR) return;
    /* "No error" is not "connected": on Linux 6.18, one of two million sockets whose host was unreachable was closed
     * without an error to read. Why it was closed is not known, so it is no result either: the target flies again. */
    if (!error && getpeername(fd, (struct sockaddr *)&peer, &(socklen_t){ sizeof peer }) < 0) {
        if (t->unexplained++ < MAX_UNEXPLAINED) {
            end_flight(slot);
            push(&ready, flights[slot].target);
            return;
        }
        error = errno;
    }
    /* A try at a closed local port can get that very port as its own and so reach itself. */
    if (!error && getsockname(fd, (struct sockaddr *)&self, &(socklen_t){ sizeof self }) == 0 &&
        self.sin_port == htons(t->port) && self.sin_addr.s_addr == t->address.s_addr)
        error = ECONNREFUSED;
    land(slot, error);
}

static int read_targets(const char *file) {
    char *line = NULL, *rest, *words[7];
    size_t room = 0;
    int bad = 0;
    FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
    if (!f) return fail("cannot read %s: %s", file, strerror(errno));
    for (int number_of_line = 1; !bad && getline(&line, &room, f) > 0; number_of_line++) {
        int n = 0;
        for (char *w = strtok_r(line, " \t\r\n", &rest); w && n < 7; w = strtok_r(NULL, " \t\r\n", &rest))
            words[n++] = w;
        if (n == 0 || words[0][0] == '#') continue;
        struct target t = { .next = -1, .name = -1 };
        int64_t port = n == 6 ? number(words[3], 10, 1, 65535) : -1;
        int64_t timeout = n == 6 ? number(words[4], 10, 1, 3600000) : -1;
        int64_t tries = n == 6 ? number(words[5], 10, 1, 1000) : -1;
        if (port < 0 || timeout < 0 || tries < 0 || (strcmp(words[1], "tcp") && strcmp(words[1], "udp"))) {
            fail("%s, line %d: want ID tcp|udp HOST PORT TIMEOUT_MS TRIES", file, number_of_line);
            bad = 2;
            continue;
        }
        if (inet_pton(AF_INET, words[2], &t.address) != 1) t.name = name_number(words[2], true);
        t.id = copied(words[0]);
        t.udp = strcmp(words[1], "udp") == 0;
        t.port = (uint16_t)port, t.timeout = (int32_t)timeout, t.tries = (int32_t)tries;
        targets = grown(targets, target_count, sizeof *targets);
        targets[target_count++] = t;
    }
    if (ferror(f)) bad = fail("cannot read %s: %s", file, strerror(errno));
    free(line);
    fclose(f);
    return bad;
}

static int probe(int argc, char **argv) {
    const char *file = NULL;
    struct epoll_event events[256];
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            shown = 0;
            for (char *word = strtok(argv[++i], ","); word; word = strtok(NULL, ",")) {
                size_t r = 0;
                while (r < COUNT(results) && strcmp(word, results[r])) r++;
                if (r == COUNT(results)) usage("unknown result: %s", word);
                shown |= 1u << r;
            }
        } else if (strcmp(argv[i], "--within") == 0 && i + 1 < argc) {
            allow_network(argv[++i]);
        } else if (file || (argv[i][0] == '-' && argv[i][1])) {
            usage("unknown argument, or a value is missing: %s", argv[i]);
        } else {
            file = argv[i];
        }
    }
    if (!file) usage("probe wants a FILE");
    int bad = read_targets(file);
    if (bad) return bad;
    setvbuf(stdout, NULL, _IOLBF, 0);
    prepare_names();
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event dns_event = { .events = EPOLLIN, .data.u32 = DNS_EVENT };
    if (poller < 0 || (dns_socket >= 0 && epoll_ctl(poller, EPOLL_CTL_ADD, dns_socket, &dns_event) < 0))
        return fail("cannot poll: %s", strerror(errno));
    open_files(MAX_FLIGHTS + 16); /* where that fails, EMFILE keeps the flights fewer */
    for (; free_count < MAX_FLIGHTS; free_count++) {
        free_flights[free_count] = free_count;
        flights[free_count].fd = -1;
    }
    for (int32_t i = 0; i < target_count; i++) begin(i);
    while (done_count < target_count) {
        int64_t now = now_ms(), next = now + 3600000;
        while (pausing.head >= 0 && targets[pausing.head].pause_end <= now) begin(pop(&pausing));
        ask_names(now);
        while (ready.head >= 0 && free_count > 0 && launch(pop(&ready))) continue;
        if (pausing.head >= 0) next = targets[pausing.head].pause_end;
        for (int s = 0; s < DNS_SLOTS; s++)
            if (lookups[s].name < 0 && names_to_ask >= 0)
                next = now; /* freed just now */
            else if (lookups[s].name >= 0 && lookups[s].deadline < next)
                next = lookups[s].deadline;
        for (int s = 0; s < MAX_FLIGHTS; s++)
            if (flights[s].fd >= 0 && flights[s].deadline < next) next = flights[s].deadline;
        if (done_count == target_count) break;
        int count = epoll_wait(poller, events, COUNT(events), left_ms(next, now_ms()));
        for (int e = 0; e < count; e++)
            if (events[e].data.u32 == DNS_EVENT)
                read_names();
            else
                look_at_flight((int)events[e].data.u32);
        if (count == (int)COUNT(events))
            continue; /* no time-out may be told while answers are still unread */
        now = now_ms();
        for (int s = 0; s < MAX_FLIGHTS; s++)
            if (flights[s].fd >= 0 && flights[s].deadline <= now) land(s, ETIMEDOUT);
    }
    printf("done %d\n", (int)target_count);
    return fflush(stdout) || ferror(stdout) ? fail("cannot write the results") : 0;
}

/* ---- routes ----------------------------------------------------------------------------- */

static int routes(void) {
    char line[512], interface[64], destination[16], gateway[16];
    unsigned to, via, flags, mask;
    FILE *f = fopen("/proc/net/route", "re");
    if (!f) return fail("cannot read /proc/net/route: %s", strerror(errno));
    while (fgets(line, sizeof line, f)) { /* the heading does not parse */
        if (sscanf(line, "%63s %x %x %x %*s %*s %*s %x", interface, &to, &via, &flags, &mask) != 5) continue;
        int prefix = 0;
        for (; mask; mask &= mask - 1) prefix++;
        inet_ntop(AF_INET, &to, destination, sizeof destination); /* in network order as read */
        inet_ntop(AF_INET, &via, gateway, sizeof gateway);
        bool up = flags & 1, reject = flags & 0x200; /* RTF_UP, RTF_REJECT */
        if (up) printf("%s %s/%d via %s\n", interface, destination, prefix, reject ? "unreachable" : gateway);
    }
    fclose(f);
    if (!(f = fopen("/proc/net/dev", "re"))) return fail("cannot read /proc/net/dev: %s", strerror(errno));
    while (fgets(line, sizeof line, f)) {
        char *colon = strrchr(line, ':'); /* the two lines of heading have none */
        if (colon) {
            *colon = '\0';
            printf("interface %s\n", line + strspn(line, " "));
        }
    }
    fclose(f);
    return fflush(stdout) ? fail("cannot write the routes") : 0;
}

/* ---- neighbours ------------------------------------------------------------------------- */

/* All network namespaces share one table, of which only the machine's own shows the limit and the counters; elsewhere
 * nothing is printed. Below a heading there is one line for each processor, all numbers hexadecimal: the first column
 * is the same in every line, the others add up. */
static int neighbours(void) {
    static const char limit_file[] = "/proc/sys/net/ipv4/neigh/default/gc_thresh3";
    static const char count_file[] = "/proc/net/stat/arp_cache";
    char line[1024], *rest;
    unsigned long limit, entries = 0, full = 0;
    int full_column = -1;
    FILE *f = fopen(limit_file, "re");
    if (!f) return errno == ENOENT ? 0 : fail("cannot read %s: %s", limit_file, strerror(errno));
    bool known = fscanf(f, "%lu", &limit) == 1;
    fclose(f);
    if (!known) return fail("%s holds no number", limit_file);
    if (!(f = fopen(count_file, "re"))) return errno == ENOENT ? 0 : fail("cannot read %s: %s", count_file, strerror(errno));
    for (bool heading = true; fgets(line, sizeof line, f); heading = false) {
        int column = 0;
        for (char *text = strtok_r(line, " \n", &rest); text; text = strtok_r(NULL, " \n", &rest), column++) {
            if (heading && strcmp(text, "table_fulls") == 0) full_column = column;
            if (!heading && column == 0) entries = strtoul(text, NULL, 16);
            if (!heading && column == full_column) full += strtoul(text, NULL, 16);
        }
    }
    fclose(f);
    if (full_column < 0) return fail("%s has no column table_fulls", count_file);
    printf("limit %lu\nentries %lu\nfull %lu\n", limit, entries, full);
    return fflush(stdout) ? fail("cannot write the numbers") : 0;
}

/* ---- seed ------------------------------------------------------------------------------- */

static uid_t tree_uid;
static gid_t tree_gid;

/* For nftw; what is removed meanwhile is no failure. */
static int own_entry(const char *path, const struct stat *st, int type, struct FTW *place) {
    (void)st, (void)place;
    if (type == FTW_DNR) return fail("own-tree: cannot list %s", path);
    if (lchown(path, tree_uid, tree_gid) == 0 || errno == ENOENT) return 0;
    return fail("own-tree: %s: %s", path, strerror(errno));
}

/* Does not follow links. Owns directories after what is in them, because a root without
 * CAP_DAC_OVERRIDE may lose sight of it. */
static int own_tree(const char *dir, uid_t uid, gid_t gid) {
    tree_uid = uid;
    tree_gid = gid;
    int bad = nftw(dir, own_entry, 32, FTW_PHYS | FTW_DEPTH);
    return bad < 0 ? fail("own-tree: %s: %s", dir, strerror(errno)) : bad;
}

static int make_directories(char *path) {
    struct stat st;
    for (char *p = path + 1;; p++)
        if (*p == '/' || !*p) {
            char end = *p;
            *p = '\0';
            int error = mkdir(path, 0755) < 0 ? errno : 0;
            /* EROFS and the like are no failure where the directory is there already */
            if (error && (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)))
                return fail("mkdir: %s: %s", path, strerror(error));
            *p = end;
            if (!end) return 0;
        }
}

/* Names are told apart by slashes, which no name can hold. */
static bool is_among(const char *name, const char *names) {
    size_t length = strlen(name);
    for (const char *at = names; *at;) {
        size_t next = strcspn(at, "/");
        if (next == length && strncmp(at, name, length) == 0) return true;
        at += next + (at[next] == '/');
    }
    return false;
}

/* Removes the files of a directory that are not among the names. What is a directory stays. */
static int remove_others(const char *dir, const char *names) {
    DIR *open = opendir(dir);
    if (!open) return fail("only: %s: %s", dir, strerror(errno));
    int bad = 0;
    for (struct dirent *entry; (entry = readdir(open));) {
        struct stat st;
        if (is_among(entry->d_name, names)) continue;
        if (fstatat(dirfd(open), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode)) continue;
        if (unlinkat(dirfd(open), entry->d_name, 0) < 0 && errno != ENOENT)
            bad = fail("only: %s/%s: %s", dir, entry->d_name, strerror(errno));
    }
    closedir(open);
    return bad;
}

/* Copies all that is left to read. */
static bool copy_content(int from, int to) {
    char block[65536];
    ssize_t got;
    while ((got = read(from, block, sizeof block)) > 0)
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, block + done, (size_t)(got - done));
            if (put < 0) return false;
            done += put;
        }
    return got == 0;
}

/* Puts a copy in the place of a file in one step, so that nobody reads half of it. */
static int copy_file(const char *source, const char *target) {
    char aside[PATH_MAX];
    if (snprintf(aside, sizeof aside, "%s.new", target) >= (int)sizeof aside)
        return fail("copy: %s: the name is too long", target);
    int from = open(source, O_RDONLY | O_CLOEXEC);
    if (from < 0) return fail("copy: %s: %s", source, strerror(errno));
    unlink(aside);
    int to = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    bool good = to >= 0 && copy_content(from, to);
    if (to >= 0 && close(to) < 0) good = false;
    good = good && rename(aside, target) == 0;
    int error = errno;
    close(from);
    return good ? 0 : fail("copy: %s: %s", target, strerror(error));
}

/* Does one operation, or with `only_check` just exits with the usage when it is malformed. */
static int seed_one(const char *op, bool only_check) {
    char *copy = copied(op), *at = copy, *fields[4] = { NULL };
    int wanted = strncmp(op, "own", 3) == 0 ? 4 : strncmp(op, "mode:", 5) == 0 ? 3 : 2, bad = 0, n = 0;
    while (n < wanted - 1 && at) /* the last field, the path, may hold colons */
        fields[n++] = strsep(&at, ":");
    char *path = at;
    bool tree = strcmp(fields[0], "own-tree") == 0, mode = strcmp(fields[0], "mode") == 0;
    bool own = tree || strcmp(fields[0], "own") == 0, make = strcmp(fields[0], "mkdir") == 0;
    bool only = strcmp(fields[0], "only") == 0, copying = strcmp(fields[0], "copy") == 0;
    char *names = (only || copying) && path ? strstr(path, "//") : NULL; /* or the target of a copy */
    if (names) {
        *names = '\0';
        names += 2;
    }
    int64_t uid = own && path ? number(fields[1], 10, 0, 4294967294) : 0;
    int64_t gid = own && path ? number(fields[2], 10, 0, 4294967294) : 0;
    int64_t bits = mode && path ? number(fields[1], 8, 0, 07777) : 0;
    if (!(own || mode || make || names) || (copying && !*names) || !path || !*path || uid < 0 || gid < 0 || bits < 0)
        usage("bad operation: %s", op);
    struct stat st;
    if (only_check) {
        /* well-formed */
    } else if (make) {
        bad = make_directories(path);
    } else if (only) {
        bad = remove_others(path, names);
    } else if (copying) {
        bad = copy_file(path, names);
    } else if (lstat(path, &st) < 0) {
        bad = fail("%s: %s", op, strerror(errno));
    } else if (S_ISLNK(st.st_mode) || (tree && !S_ISDIR(st.st_mode))) {
        bad = fail("%s: is %s", op, tree ? "not a directory" : "a symbolic link");
    } else if (tree) {
        bad = own_tree(path, (uid_t)uid, (gid_t)gid);
    } else if ((own ? lchown(path, (uid_t)uid, (gid_t)gid) : chmod(path, (mode_t)bits)) < 0) {
        bad = fail("%s: %s", op, strerror(errno));
    }
    free(copy);
    return bad;
}

static int seed(int argc, char **argv) {
    if (argc < 3) usage("seed wants operations");
    for (int i = 2; i < argc; i++) seed_one(argv[i], true);
    for (int i = 2; i < argc; i++)
        if (seed_one(argv[i], false)) return 1;
    return 0;
}

int main(int argc, char **argv) {
    const char *command = argc > 1 ? argv[1] : "";
    set_signals();
    if (strcmp(command, "serve") == 0) return serve(argc, argv);
    if (strcmp(command, "listen") == 0) return listen_one(argc, argv);
    if (strcmp(command, "check") == 0) return check(argc, argv);
    if (strcmp(command, "probe") == 0) return probe(argc, argv);
    if (strcmp(command, "routes") == 0 && argc == 2) return routes();
    if (strcmp(command, "neighbours") == 0 && argc == 2) return neighbours();
    if (strcmp(command, "seed") == 0) return seed(argc, argv);
    usage("unknown sub-command or bad arguments: %s", command);
}
