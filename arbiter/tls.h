/* tls.h - TLS 1.3 as the lock protocol uses it, for both ends.
 *
 * Who is at the other end is known from TLS and from nothing else: a pre-shared key of the cluster, with an
 * identity that names cluster and node (key.h), or a certificate with a URI in its subjectAltName,
 * `holdfast://CLUSTER/NODE'.  Nothing older than TLS 1.3, no resumption, no early data, no renegotiation. */
#ifndef ARBITER_TLS_H
#define ARBITER_TLS_H

#include <openssl/ssl.h>

#include "arbiter/key.h"

/* Why somebody was refused, for counters and logs. */
#define REFUSALS(X)                                                                                          \
    X(REFUSED_PLAINTEXT, "plaintext", "no TLS at all")                                                       \
    X(REFUSED_OLD_TLS, "old-tls", "no TLS 1.3")                                                              \
    X(REFUSED_UNKNOWN_CLUSTER, "unknown-cluster", "no key for this cluster here")                            \
    X(REFUSED_WRONG_KEY, "wrong-key", "another key for this cluster than the ones here")                     \
    X(REFUSED_NO_CERTIFICATE, "no-certificate", "neither a known key nor a certificate")                     \
    X(REFUSED_CERTIFICATE_EXPIRED, "certificate-expired", "the certificate has expired or is not yet valid") \
    X(REFUSED_CERTIFICATE, "certificate", "the certificate is not signed by the configured authority")       \
    X(REFUSED_NO_IDENTITY, "no-identity", "the certificate names no cluster and node")                       \
    X(REFUSED_HANDSHAKE, "handshake", "the handshake failed otherwise")                                      \
    X(REFUSED_HANDSHAKE_TIMEOUT, "handshake-timeout", "handshake and HELLO took too long")                   \
    X(REFUSED_FRAME_TIMEOUT, "frame-timeout", "a frame took too long to come")                               \
    X(REFUSED_IDLE, "idle", "nothing was heard for too long")                                                \
    X(REFUSED_BAD_FRAME, "bad-frame", "a frame that cannot be")                                              \
    X(REFUSED_SLOW_READER, "slow-reader", "answers were not taken")                                          \
    X(REFUSED_SESSION, "session", "no session: an old one, or no HELLO")                                     \
    X(REFUSED_NODE_LIMIT, "node-limit", "too many nodes in this cluster")                                    \
    X(REFUSED_CLUSTER_LIMIT, "cluster-limit", "too many connections of this cluster")                        \
    X(REFUSED_ADDRESS_LIMIT, "address-limit", "too many connections from this address")                      \
    X(REFUSED_HALF_OPEN, "half-open-limit", "too many connections before their HELLO")                       \
    X(REFUSED_SERVER_LIMIT, "server-limit", "too many connections")

enum refusal {
    REFUSED_NOTHING,
#define REFUSAL_ENUM(name, word, text) name,
    REFUSALS(REFUSAL_ENUM)
#undef REFUSAL_ENUM
        REFUSAL_COUNT
};

/* The word for counters, and a clause for a person. */
const char *refusal_name(enum refusal refusal);
const char *refusal_text(enum refusal refusal);

/* --- the server's side --- */

/* Who is at the other end, as far as the handshake has come. */
struct tls_peer {
    char cluster[FRAME_NAME_MAX + 1];
    char node[FRAME_NAME_MAX + 1];
    char key_id[LOCK_KEY_ID + 1]; /* by_key */
    bool by_key;                  /* a key was found; the handshake then proves that the peer has it */
    enum refusal refusal;         /* what the handshake would be refused for, if it fails */
};

struct tls_server;

/* The keys of a cluster, or NULL if there are none here. */
typedef const struct lock_keys *tls_find_keys(void *context, const char *cluster);

/* certificate, private_key (PEM files) and ca may be NULL: then only keys are accepted. */
struct hf_error *tls_server_new(const char *certificate, const char *private_key, const char *ca,
                                tls_find_keys *find, void *context, struct tls_server **server) HF_MUST_CHECK;
void tls_server_free(struct tls_server *server);

/* A TLS connection on a connected non-blocking socket (not closed by SSL_free()); peer, the caller's, is
 * filled in by the handshake and has to stay until SSL_free(). */
SSL *tls_server_accept(struct tls_server *server, int fd, struct tls_peer *peer);

/* After SSL_accept() said that it is done: REFUSED_NOTHING, with cluster and node in the peer, or why not. */
enum refusal tls_server_identify(SSL *ssl, struct tls_peer *peer);
/* After SSL_accept() failed: why.  first is the first byte that came, or -1. */
enum refusal tls_server_explain(SSL *ssl, const struct tls_peer *peer);

/* --- the node's side --- */

struct tls_client;

struct tls_client_config {
    const char *cluster, *node;
    const char *key_file;                       /* or NULL, and these: */
    const char *certificate, *private_key, *ca; /* PEM files */
};

struct hf_error *tls_client_new(const struct tls_client_config *config,
                                struct tls_client **client) HF_MUST_CHECK;
void tls_client_free(struct tls_client *client);
/* server_name: whom the server's certificate must name (not used with keys).  The socket is not closed by
 * SSL_free(). */
SSL *tls_client_connect(struct tls_client *client, int fd, const char *server_name);
/* What the failed handshake or connection means, in words that say what to do; the caller's. */
char *tls_client_explain(const struct tls_client *client, SSL *ssl, const char *server);

#endif
