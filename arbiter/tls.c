/* tls.c - see tls.h. */
#include "arbiter/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

static const unsigned char context_id[] = {'h', 'o', 'l', 'd'};
static const unsigned char suite_id[2] = {0x13, 0x01}; /* TLS_AES_128_GCM_SHA256: what keys are used with */

const char *refusal_name(enum refusal refusal)
{
    switch (refusal) {
    case REFUSED_NOTHING:
    case REFUSAL_COUNT:
        break;
#define REFUSAL_NAME(name, word, text)                                                                       \
    case name:                                                                                               \
        return word;
        REFUSALS(REFUSAL_NAME)
#undef REFUSAL_NAME
    }
    return "none";
}

const char *refusal_text(enum refusal refusal)
{
    switch (refusal) {
    case REFUSED_NOTHING:
    case REFUSAL_COUNT:
        break;
#define REFUSAL_TEXT(name, word, text)                                                                       \
    case name:                                                                                               \
        return text;
        REFUSALS(REFUSAL_TEXT)
#undef REFUSAL_TEXT
    }
    return "nothing";
}

static struct hf_error *openssl_error(const char *what)
{
    char text[256];
    unsigned long code = ERR_peek_last_error();

    ERR_error_string_n(code, text, sizeof(text));
    ERR_clear_error();
    return hf_error_new(HF_FAILED, "%s: %s", what, code != 0 ? text : "unknown reason");
}

/* What both ends have in common: TLS 1.3 alone, and as little memory for a connection as can be. */
static SSL_CTX *new_context(const SSL_METHOD *method)
{
    SSL_CTX *ctx = SSL_CTX_new(method);

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1)
        abort(); /* an OpenSSL without TLS 1.3 */
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_max_send_fragment(ctx, FRAME_MAX);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set1_groups_list(ctx, "X25519:P-256");
    SSL_CTX_set_session_id_context(ctx, context_id,
                                   sizeof(context_id)); /* keys beside certificates need it */
    return ctx;
}

static SSL_SESSION *session_of(SSL *ssl, const struct lock_key *key)
{
    SSL_SESSION *session = SSL_SESSION_new();
    const SSL_CIPHER *suite = SSL_CIPHER_find(ssl, suite_id);

    if (session == NULL || suite == NULL ||
        !SSL_SESSION_set1_master_key(session, key->secret, LOCK_KEY_BYTES) ||
        !SSL_SESSION_set_cipher(session, suite) ||
        !SSL_SESSION_set1_id_context(session, context_id, sizeof(context_id)) ||
        !SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION)) {
        SSL_SESSION_free(session);
        return NULL;
    }
    return session;
}

static struct hf_error *load_certificate(SSL_CTX *ctx, const char *certificate, const char *private_key,
                                         const char *ca)
{
    struct hf_error *error = NULL;

    if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
        error = hf_error_wrap(openssl_error("cannot use it"), "certificate %s", certificate);
    else if (SSL_CTX_use_PrivateKey_file(ctx, private_key, SSL_FILETYPE_PEM) != 1)
        error = hf_error_wrap(openssl_error("cannot use it"), "private key %s", private_key);
    else if (SSL_CTX_check_private_key(ctx) != 1)
        error = hf_error_wrap(openssl_error("it is not the certificate's"), "private key %s", private_key);
    else if (ca != NULL && SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
        error = hf_error_wrap(openssl_error("cannot use it"), "authority %s", ca);
    return error;
}

/* --- the server's side --- */

struct tls_server {
    SSL_CTX *ctx;
    tls_find_keys *find;
    void *context;
};

/* OpenSSL asks for the key of an identity.  Without one it goes on to certificates, if there are any. */
static int find_session(SSL *ssl, const unsigned char *identity, size_t length, SSL_SESSION **session)
{
    struct tls_server *server = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct tls_peer *peer = SSL_get_app_data(ssl);
    const struct lock_keys *keys;
    const struct lock_key *key;

    *session = NULL;
    if (!lock_identity_read((const char *)identity, length, peer->cluster, peer->node, peer->key_id)) {
        peer->refusal = REFUSED_UNKNOWN_CLUSTER;
        return 1;
    }
    keys = server->find(server->context, peer->cluster);
    key = keys != NULL ? lock_keys_find(keys, peer->key_id) : NULL;
    if (key == NULL) {
        peer->refusal = keys == NULL ? REFUSED_UNKNOWN_CLUSTER : REFUSED_WRONG_KEY;
        return 1;
    }
    *session = session_of(ssl, key);
    peer->by_key = *session != NULL;
    return *session != NULL;
}

struct hf_error *tls_server_new(const char *certificate, const char *private_key, const char *ca,
                                tls_find_keys *find, void *context, struct tls_server **result)
{
    struct tls_server *server = hf_calloc(1, sizeof(*server));
    struct hf_error *error = NULL;

    server->ctx = new_context(TLS_server_method());
    server->find = find;
    server->context = context;
    SSL_CTX_set_app_data(server->ctx, server);
    SSL_CTX_set_psk_find_session_callback(server->ctx, find_session);
    if (certificate != NULL)
        error = load_certificate(server->ctx, certificate, private_key, ca);
    if (ca != NULL)
        SSL_CTX_set_verify(server->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    if (error != NULL) {
        tls_server_free(server);
        return error;
    }
    *result = server;
    return NULL;
}

void tls_server_free(struct tls_server *server)
{
    if (server == NULL)
        return;
    SSL_CTX_free(server->ctx);
    free(server);
}

SSL *tls_server_accept(struct tls_server *server, int fd, struct tls_peer *peer)
{
    SSL *ssl = SSL_new(server->ctx);

    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
        abort();
    memset(peer, 0, sizeof(*peer));
    SSL_set_app_data(ssl, peer);
    SSL_set_accept_state(ssl);
    return ssl;
}

/* Takes `holdfast://CLUSTER/NODE' apart: the node is what follows the last slash. */
static bool read_uri(const char *uri, size_t length, struct tls_peer *peer)
{
    static const char scheme[] = "holdfast://";
    char text[sizeof(scheme) + 2 * FRAME_NAME_MAX + 2], *slash;

    if (length >= sizeof(text) || memchr(uri, '\0', length) != NULL)
        return false;
    memcpy(text, uri, length);
    text[length] = '\0';
    if (strncmp(text, scheme, sizeof(scheme) - 1) != 0)
        return false;
    slash = strrchr(text + sizeof(scheme) - 1, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    if (!frame_name_ok(text + sizeof(scheme) - 1) || !frame_name_ok(slash + 1))
        return false;
    strcpy(peer->cluster, text + sizeof(scheme) - 1);
    strcpy(peer->node, slash + 1);
    return true;
}

static bool read_certificate(SSL *ssl, struct tls_peer *peer)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    GENERAL_NAMES *names;
    bool found = false;

    if (certificate == NULL)
        return false;
    names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

        if (name->type == GEN_URI)
            found = read_uri((const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
                             (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier), peer);
    }
    GENERAL_NAMES_free(names);
    return found;
}

enum refusal tls_server_identify(SSL *ssl, struct tls_peer *peer)
{
    if (SSL_version(ssl) != TLS1_3_VERSION)
        return REFUSED_OLD_TLS;
    if (peer->by_key && SSL_session_reused(ssl))
        return REFUSED_NOTHING;
    peer->by_key = false;
    if (SSL_get0_peer_certificate(ssl) == NULL || SSL_get_verify_result(ssl) != X509_V_OK)
        return REFUSED_NO_CERTIFICATE;
    return read_certificate(ssl, peer) ? REFUSED_NOTHING : REFUSED_NO_IDENTITY;
}

enum refusal tls_server_explain(SSL *ssl, const struct tls_peer *peer)
{
    int reason = ERR_GET_REASON(ERR_peek_error());
    long verdict = SSL_get_verify_result(ssl);

    ERR_clear_error();
    switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_UNKNOWN_PROTOCOL:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
        return REFUSED_PLAINTEXT;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
        return REFUSED_OLD_TLS;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        return verdict == X509_V_ERR_CERT_HAS_EXPIRED || verdict == X509_V_ERR_CERT_NOT_YET_VALID
                   ? REFUSED_CERTIFICATE_EXPIRED
                   : REFUSED_CERTIFICATE;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_CIPHER:
        return peer->refusal != REFUSED_NOTHING ? peer->refusal : REFUSED_NO_CERTIFICATE;
    case SSL_R_BINDER_DOES_NOT_VERIFY:
        return REFUSED_WRONG_KEY;
    }
    return peer->refusal != REFUSED_NOTHING && !peer->by_key ? peer->refusal : REFUSED_HANDSHAKE;
}

/* --- the node's side --- */

struct tls_client {
    SSL_CTX *ctx;
    bool by_key;
    struct lock_key key;
    char identity[LOCK_IDENTITY_MAX + 1];
};

static int use_session(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *length,
                       SSL_SESSION **session)
{
    struct tls_client *client = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    *session = session_of(ssl, &client->key);
    *id = (const unsigned char *)client->identity;
    *length = strlen(client->identity);
    return *session != NULL;
}

/* The server's end of a key refuses to be anything but that key's: no certificate takes its place. */
static int refuse_certificate(int ok, X509_STORE_CTX *store)
{
    return 0;
}

static struct hf_error *load_key(struct tls_client *client, const struct tls_client_config *config)
{
    struct lock_keys keys;
    struct hf_error *error = lock_keys_read(config->key_file, &keys);

    if (error != NULL)
        return error;
    if (strcmp(keys.cluster, config->cluster) != 0)
        return hf_error_new(HF_REFUSED, "lock key %s is cluster %s's; expected %s's", config->key_file,
                            keys.cluster, config->cluster);
    client->by_key = true;
    client->key = keys.keys[0];
    lock_identity_write(client->identity, config->cluster, config->node, client->key.id);
    OPENSSL_cleanse(&keys, sizeof(keys));
    SSL_CTX_set_psk_use_session_callback(client->ctx, use_session);
    SSL_CTX_set_verify(client->ctx, SSL_VERIFY_PEER, refuse_certificate);
    return NULL;
}

struct hf_error *tls_client_new(const struct tls_client_config *config, struct tls_client **result)
{
    struct tls_client *client = hf_calloc(1, sizeof(*client));
    struct hf_error *error;

    client->ctx = new_context(TLS_client_method());
    SSL_CTX_set_app_data(client->ctx, client);
    SSL_CTX_set_ciphersuites(client->ctx, "TLS_AES_128_GCM_SHA256");
    if (config->key_file != NULL) {
        error = load_key(client, config);
    } else {
        error = load_certificate(client->ctx, config->certificate, config->private_key, config->ca);
        SSL_CTX_set_verify(client->ctx, SSL_VERIFY_PEER, NULL);
    }
    if (error != NULL) {
        tls_client_free(client);
        return error;
    }
    *result = client;
    return NULL;
}

void tls_client_free(struct tls_client *client)
{
    if (client == NULL)
        return;
    SSL_CTX_free(client->ctx);
    OPENSSL_cleanse(client, sizeof(*client));
    free(client);
}

SSL *tls_client_connect(struct tls_client *client, int fd, const char *server_name)
{
    SSL *ssl = SSL_new(client->ctx);

    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
        abort();
    if (!client->by_key && SSL_set1_host(ssl, server_name) != 1)
        abort();
    SSL_set_connect_state(ssl);
    return ssl;
}

char *tls_client_explain(const struct tls_client *client, SSL *ssl, const char *server)
{
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    long verdict = SSL_get_verify_result(ssl);

    ERR_clear_error();
    if (verdict == X509_V_ERR_CERT_HAS_EXPIRED && !client->by_key)
        return hf_asprintf("the certificate of lock server %s has expired: renew it", server);
    if (verdict == X509_V_ERR_CERT_NOT_YET_VALID && !client->by_key)
        return hf_asprintf(
            "the certificate of lock server %s is not valid yet: check the clocks of both machines", server);
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && client->by_key)
        return hf_asprintf(
            "lock server %s does not accept this cluster's lock key: compare the key files on both", server);
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
        return hf_asprintf("lock server %s has a certificate that is not good for that name: %s", server,
                           X509_verify_cert_error_string(verdict));
    if (reason == SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED)
        return hf_asprintf("lock server %s says that this node's certificate has expired: renew it", server);
    if (reason == SSL_R_TLSV1_ALERT_UNKNOWN_CA || reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE)
        return hf_asprintf("lock server %s does not know who signed this node's certificate: check its `ca'",
                           server);
    if (reason == SSL_R_WRONG_VERSION_NUMBER)
        return hf_asprintf("what listens at %s speaks no TLS: check address and port of the lock server",
                           server);
    if (client->by_key &&
        (reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE || reason == SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER ||
         reason == SSL_R_TLSV1_ALERT_DECRYPT_ERROR || reason == SSL_R_TLSV1_ALERT_INTERNAL_ERROR))
        return hf_asprintf(
            "lock server %s does not accept this cluster's lock key: compare the key files on both", server);
    if (code != 0)
        return hf_asprintf("TLS with lock server %s failed: %s", server, ERR_reason_error_string(code));
    return hf_asprintf("lock server %s closed the connection during the handshake", server);
}
