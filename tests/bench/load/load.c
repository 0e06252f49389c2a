/*
 * Closed-loop HTTP/1.1 load: C keep-alive connections, each with one request in flight, over epoll on one thread.
 * The requests are prepared byte for byte in a file (each preceded by its length in 32 bits, little-endian) and sent
 * in turn. The report is one JSON object on standard output; load-generator.ts says what its fields mean.
 *
 *   load --port N --requests FILE [--host 127.0.0.1] [--connections 1] [--seconds 1] [--count N] [--drain 5]
 *
 * It ends after --seconds, or once --count requests are settled, and then waits up to --drain seconds for what is under
 * way.
 *
 * Limits, by choice: IPv4, no TLS, no pipelining, answers with a Content-Length only (a chunked answer is an error, not
 * a guess). A closed loop waits for a slow server instead of piling up requests: its latencies are those of C patient
 * callers, not of an open stream of arrivals.
 *
 * Exit codes: 0 a report was printed; 1 the server could not be reached or broke the protocol; 2 bad arguments.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
#include <time.h>
#include <unistd.h>

enum { HEAD_LIMIT = 16 * 1024, SCRATCH = 256 * 1024, SAMPLE_LIMIT = 300, EVENTS = 256, STATUSES = 600 };
enum { LOST_LIMIT = 1000 };

/* Log-linear histogram over nanoseconds: 64 steps per power of two, so a bucket is 1/64 of its values wide. */
enum { STEP_BITS = 6, STEPS = 1 << STEP_BITS, BUCKETS = (42 - STEP_BITS) * STEPS };

struct options {
  const char *host, *requests;
  int port, connections;
  double seconds, drain;
  uint64_t count;
};

struct request {
  const char *bytes;
  size_t size;
};

struct connection {
  int fd;
  bool waiting, wants_write, closes; /* closes: the server announced that this answer is its last here */
  const struct request *request;
  size_t sent;
  uint64_t started_ns;
  char head[HEAD_LIMIT]; /* the answer's head; once a refusal's head is read, the beginning of its body */
  size_t head_size;
  int status; /* 0 until the head has been read */
  uint64_t body_left;
  size_t sample_size;
};

struct report {
  uint64_t completed, drained, not_200, lost, reconnects, sum_ns, max_ns;
  uint64_t status[STATUSES], histogram[BUCKETS];
  bool has_failure;
  char first_failure[SAMPLE_LIMIT + 64];
};

static struct options options = {.host = "127.0.0.1", .connections = 1, .seconds = 1, .drain = 5, .count = UINT64_MAX};
static struct request *requests;
static size_t request_count, next_request;
static struct report report;
static uint64_t settled;
static int poller, waiting;
static bool draining;
static char scratch[SCRATCH];

static void parse_arguments(int argc, char **argv);
static void read_requests(void);
static void open_connection(struct connection *connection);
static void send_next(struct connection *connection);
static void run_until(uint64_t deadline_ns);
static void print_report(double elapsed_s, double cpu_s);

static _Noreturn void fail(int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(code);
}

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static double cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv) {
  parse_arguments(argc, argv);
  read_requests();
  poller = epoll_create1(EPOLL_CLOEXEC);
  struct connection *connections = calloc((size_t)options.connections, sizeof *connections);
  if (poller < 0 || connections == NULL)
    fail(1, "cannot set up %d connections: %s", options.connections, strerror(errno));
  for (int i = 0; i < options.connections; i++) open_connection(&connections[i]);

  uint64_t start_ns = now_ns();
  double start_cpu_s = cpu_seconds();
  for (int i = 0; i < options.connections; i++) send_next(&connections[i]);
  run_until(start_ns + (uint64_t)(options.seconds * 1e9));
  double elapsed_s = (double)(now_ns() - start_ns) / 1e9, cpu_s = cpu_seconds() - start_cpu_s;
  draining = true;
  run_until(now_ns() + (uint64_t)(options.drain * 1e9));
  print_report(elapsed_s, cpu_s);
  free(connections);
  return 0;
}

/* ---- arguments and requests ---- */

static double number_of(const char *name, const char *text, double minimum, double maximum) {
  char *end;
  double value = strtod(text, &end);
  if (*text == '\0' || *end != '\0' || !(value >= minimum && value <= maximum))
    fail(2, "%s: expected a number from %g to %g, got \"%s\"", name, minimum, maximum, text);
  return value;
}

static void parse_arguments(int argc, char **argv) {
  for (int i = 1; i < argc; i += 2) {
    const char *name = argv[i], *value = argv[i + 1];
    if (value == NULL) fail(2, "%s: expected a value after it", name);
    if (strcmp(name, "--host") == 0) options.host = value;
    else if (strcmp(name, "--port") == 0) options.port = (int)number_of(name, value, 1, 65535);
    else if (strcmp(name, "--requests") == 0) options.requests = value;
    else if (strcmp(name, "--connections") == 0) options.connections = (int)number_of(name, value, 1, 10000);
    else if (strcmp(name, "--seconds") == 0) options.seconds = number_of(name, value, 0.001, 3600);
    else if (strcmp(name, "--count") == 0) options.count = (uint64_t)number_of(name, value, 1, 1e15);
    else if (strcmp(name, "--drain") == 0) options.drain = number_of(name, value, 0, 3600);
    else fail(2, "unknown option %s: the head of load.c lists them", name);
  }
  if (options.port == 0) fail(2, "--port: expected the port of the server");
  if (options.requests == NULL) fail(2, "--requests: expected a file of prepared requests");
}

static void index_requests(const char *bytes, size_t size) {
  size_t capacity = 0;
  for (size_t at = 0; at < size;) {
    uint32_t length = 0;
    const unsigned char *prefix = (const unsigned char *)bytes + at;
    bool whole = size - at >= 4;
    if (whole)
      length = prefix[0] | (uint32_t)prefix[1] << 8 | (uint32_t)prefix[2] << 16 | (uint32_t)prefix[3] << 24;
    if (!whole || size - at - 4 < length) fail(2, "--requests %s: cut off at byte %zu", options.requests, at);
    if (length == 0) fail(2, "--requests %s: an empty request at byte %zu", options.requests, at);
    if (request_count == capacity) {
      capacity = capacity == 0 ? 1024 : capacity * 2;
      requests = realloc(requests, capacity * sizeof *requests);
      if (requests == NULL) fail(1, "out of memory");
    }
    requests[request_count++] = (struct request){.bytes = bytes + at + 4, .size = length};
    at += 4 + (size_t)length;
  }
  if (request_count == 0) fail(2, "--requests %s: expected at least one request, found none", options.requests);
}

static void read_requests(void) {
  FILE *file = fopen(options.requests, "rb");
  if (file == NULL) fail(2, "--requests %s: %s", options.requests, strerror(errno));
  size_t size = 0, capacity = 1 << 20;
  char *bytes = malloc(capacity);
  while (bytes != NULL) {
    size += fread(bytes + size, 1, capacity - size, file);
    if (size < capacity) break;
    bytes = realloc(bytes, capacity *= 2);
  }
  if (bytes == NULL) fail(1, "out of memory");
  if (ferror(file)) fail(2, "--requests %s: cannot be read", options.requests);
  fclose(file);
  index_requests(bytes, size);
}

/* ---- one connection ---- */

static void watch(struct connection *connection, int operation, bool write) {
  struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = connection};
  if (epoll_ctl(poller, operation, connection->fd, &event) < 0) fail(1, "epoll: %s", strerror(errno));
  connection->wants_write = write;
}

static void open_connection(struct connection *connection) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
  if (inet_pton(AF_INET, options.host, &address.sin_addr) != 1)
    fail(2, "--host: expected an IPv4 address, got \"%s\"", options.host);
  connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection->fd < 0) fail(1, "socket: %s", strerror(errno));
  /* Blocking on purpose: the servers measured are on this machine, where connecting takes microseconds. */
  if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) < 0)
    fail(1, "cannot connect to %s:%d: %s", options.host, options.port, strerror(errno));
  int on = 1;
  setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(connection->fd, F_SETFL, O_NONBLOCK);
  watch(connection, EPOLL_CTL_ADD, false);
}

static void reopen(struct connection *connection) {
  close(connection->fd);
  report.reconnects++;
  open_connection(connection);
}

static void send_rest(struct connection *connection) {
  const struct request *request = connection->request;
  while (connection->sent < request->size) {
    ssize_t size =
        send(connection->fd, request->bytes + connection->sent, request->size - connection->sent, MSG_NOSIGNAL);
    if (size >= 0) connection->sent += (size_t)size;
    else if (errno == EAGAIN) break;
    else if (errno != EINTR) return; /* reset by the server: receive() is about to see it */
  }
  bool write = connection->sent < request->size;
  if (write != connection->wants_write) watch(connection, EPOLL_CTL_MOD, write);
}

static void send_next(struct connection *connection) {
  connection->request = &requests[next_request];
  next_request = next_request + 1 == request_count ? 0 : next_request + 1;
  connection->sent = connection->head_size = connection->sample_size = 0;
  connection->status = 0;
  connection->waiting = true;
  waiting++;
  connection->started_ns = now_ns();
  send_rest(connection);
}

/* What was asked is settled, well or ill: the connection asks the next thing, unless the time is over. */
static void go_on(struct connection *connection) {
  connection->waiting = false;
  waiting--;
  settled++;
  if (!draining) send_next(connection);
}

/* ---- answers ---- */

static size_t bucket_of(uint64_t ns) {
  if (ns < STEPS) return (size_t)ns;
  int shift = 63 - __builtin_clzll(ns) - STEP_BITS;
  size_t bucket = ((size_t)(shift + 1) << STEP_BITS) + ((ns >> shift) & (STEPS - 1));
  return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/* The largest whole number of nanoseconds that falls into the bucket. */
static uint64_t top_ns(size_t bucket) {
  if (bucket < STEPS) return bucket;
  int shift = (int)(bucket >> STEP_BITS) - 1;
  return (((uint64_t)STEPS + (bucket & (STEPS - 1)) + 1) << shift) - 1;
}

static void record_failure(int status, const char *format, ...) {
  report.not_200++;
  report.status[status]++;
  if (report.has_failure) return;
  report.has_failure = true;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(report.first_failure, sizeof report.first_failure, format, arguments);
  va_end(arguments);
}

static void record_answer(struct connection *connection) {
  uint64_t ns = now_ns() - connection->started_ns;
  report.histogram[bucket_of(ns)]++;
  report.sum_ns += ns;
  if (ns > report.max_ns) report.max_ns = ns;
  if (draining) report.drained++;
  if (connection->status != 200) {
    record_failure(connection->status, "%d: %.*s", connection->status, (int)connection->sample_size, connection->head);
    return;
  }
  report.status[200]++;
  if (!draining) report.completed++;
}

/* The connection ended while it owed an answer (`why` says how). */
static void lose_answer(struct connection *connection, const char *why) {
  record_failure(0, "connection closed before its answer: %s", why);
  if (++report.lost > LOST_LIMIT) fail(1, "%d connections were closed before their answers: given up", LOST_LIMIT);
  reopen(connection);
  go_on(connection);
}

/* The value of a header, or NULL; `head` is NUL-terminated. */
static const char *header(const char *head, const char *name) {
  size_t size = strlen(name);
  for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
    line += 2;
    if (strncasecmp(line, name, size) == 0 && line[size] == ':') {
      line += size + 1;
      return line + strspn(line, " \t");
    }
  }
  return NULL;
}

/* Reads the status and the length once the head is complete; what follows it in the buffer is body. */
static void read_head(struct connection *connection) {
  char *head = connection->head;
  head[connection->head_size] = '\0';
  char *end = strstr(head, "\r\n\r\n");
  if (end == NULL) {
    if (connection->head_size == HEAD_LIMIT - 1) fail(1, "an answer's head exceeds %d bytes", HEAD_LIMIT - 1);
    return;
  }
  *end = '\0';
  int status = 0;
  if (sscanf(head, "HTTP/1.1 %3d", &status) != 1) fail(1, "the answer is not HTTP/1.1: %.60s", head);
  if (status < 200 || status >= STATUSES) fail(1, "expected a final status from 200 to 599, got: %.60s", head);
  const char *length = header(head, "content-length"), *connection_header = header(head, "connection");
  if (length == NULL || *length < '0' || *length > '9')
    fail(1, "the answer announces no Content-Length (chunked answers are not supported): %.200s", head);
  uint64_t body_size = strtoull(length, NULL, 10);
  size_t body_read = connection->head_size - (size_t)(end + 4 - head);
  if (body_read > body_size) fail(1, "an answer (status %d) is longer than its Content-Length", status);
  connection->status = status;
  connection->closes = connection_header != NULL && strncasecmp(connection_header, "close", 5) == 0;
  connection->body_left = body_size - body_read;
  if (status != 200) {
    connection->sample_size = body_read < SAMPLE_LIMIT ? body_read : SAMPLE_LIMIT;
    memmove(head, end + 4, connection->sample_size);
  }
}

static void read_body(struct connection *connection, size_t size) {
  if (size > connection->body_left) fail(1, "an answer (status %d) is longer than its Content-Length", connection->status);
  connection->body_left -= size;
  if (connection->status == 200) return;
  size_t room = SAMPLE_LIMIT - connection->sample_size, kept = size < room ? size : room;
  memcpy(connection->head + connection->sample_size, scratch, kept);
  connection->sample_size += kept;
}

static void receive(struct connection *connection) {
  bool in_head = connection->status == 0;
  ssize_t size = in_head && connection->waiting
                     ? recv(connection->fd, connection->head + connection->head_size,
                            HEAD_LIMIT - 1 - connection->head_size, 0)
                     : recv(connection->fd, scratch, SCRATCH, 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (!connection->waiting) {
    if (size > 0) fail(1, "the server sent %zd bytes that answer no request: %.60s", size, scratch);
    epoll_ctl(poller, EPOLL_CTL_DEL, connection->fd, NULL); /* closed while idle, after the time: of no interest */
    return;
  }
  if (size <= 0) {
    lose_answer(connection, size == 0 ? "end of stream" : strerror(errno));
    return;
  }
  if (in_head) {
    connection->head_size += (size_t)size;
    read_head(connection);
    if (connection->status == 0) return;
  } else {
    read_body(connection, (size_t)size);
  }
  if (connection->body_left > 0) return;
  record_answer(connection);
  if (connection->closes) reopen(connection);
  go_on(connection);
}

/* Until the time is over or the count reached or, once draining, nothing is waited for any more. */
static void run_until(uint64_t deadline_ns) {
  struct epoll_event events[EVENTS];
  while (waiting > 0) {
    uint64_t now = now_ns();
    if (now >= deadline_ns) return;
    int count = epoll_wait(poller, events, EVENTS, (int)((deadline_ns - now) / 1000000) + 1);
    if (count < 0 && errno != EINTR) fail(1, "epoll: %s", strerror(errno));
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) send_rest(connection);
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(connection);
      if (!draining && settled >= options.count) return;
    }
  }
}

/* ---- report ---- */

static void print_string(const char *text) {
  putchar('"');
  for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\') printf("\\%c", *c);
    else if (*c < 0x20 || *c >= 0x7f) printf("\\u%04x", *c);
    else putchar(*c);
  }
  putchar('"');
}

static void print_report(double elapsed_s, double cpu_s) {
  printf("{\"connections\":%d,\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"completed\":%llu,\"drained\":%llu,",
         options.connections, elapsed_s, cpu_s, (unsigned long long)report.completed,
         (unsigned long long)report.drained);
  printf("\"unanswered\":%d,\"not_200\":%llu,\"reconnects\":%llu,\"first_failure\":", waiting,
         (unsigned long long)report.not_200, (unsigned long long)report.reconnects);
  if (report.has_failure) print_string(report.first_failure);
  else printf("null");
  printf(",\"status\":{");
  const char *separator = "";
  for (int status = 0; status < STATUSES; status++) {
    if (report.status[status] == 0) continue;
    printf("%s\"%d\":%llu", separator, status, (unsigned long long)report.status[status]);
    separator = ",";
  }
  printf("},\"latency\":{\"max_ns\":%llu,\"sum_ns\":%llu,\"buckets\":[", (unsigned long long)report.max_ns,
         (unsigned long long)report.sum_ns);
  separator = "";
  for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
    if (report.histogram[bucket] == 0) continue;
    printf("%s[%llu,%llu]", separator, (unsigned long long)top_ns(bucket),
           (unsigned long long)report.histogram[bucket]);
    separator = ",";
  }
  printf("]}}\n");
}
