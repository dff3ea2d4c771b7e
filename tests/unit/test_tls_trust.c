/* What is trusted of a certificate, every value of it, with its evidence; and files of certificates. */
#include "tls_ends.h"

/* ------------------------------------------------------------------ trust */

static void a_certificate_of_its_own_is_for_its_names(void **state)
{
    static const struct {
        const char *name;
        enum tls_trust trust;
    } cases[] = {
        {"stand-in.example", TLS_TRUSTED}, {"STAND-IN.example.", TLS_TRUSTED},
        {"10.20.0.11", TLS_TRUSTED},       {"fd20::11", TLS_TRUSTED},
        {"fd20:0::0:11", TLS_TRUSTED},     {"", TLS_TRUSTED},
        {"10.20.0.12", TLS_WRONG_NAME},    {"fd20::12", TLS_WRONG_NAME},
        {"other.example", TLS_WRONG_NAME}, {"a.stand-in.example", TLS_WRONG_NAME},
    };
    const char *file = path("own.pem");
    struct trust *trust;
    char why[256];

    (void)state;
    write_text(file, identity_certificate(own));
    trust = trusting(file);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (judged(trust, own, cases[i].name, why) != cases[i].trust)
            fail_msg("%s: %s", cases[i].name, why);
    }
    has(str_of(why), "is for stand-in.example, 10.20.0.11, fd20::11, not for a.stand-in.example");
    trust_free(trust);
    assert_int_equal(judged(nothing, own, "stand-in.example", why), TLS_SELF_SIGNED);
    assert_int_equal(judged(nothing, own, "other.example", why), TLS_WRONG_NAME);
}

static enum tls_trust shown(struct trust *trust, const char *file, const char *name, char why[256])
{
    struct identity *identity;
    const char *problem = "";
    enum tls_trust found;

    if (identity_open(file, NULL, &identity, &problem) < 0)
        fail_msg("%s", problem);
    found = judged(trust, identity, name, why);
    identity_free(identity);
    return found;
}

static void chains_end_in_what_is_trusted(void **state)
{
    struct maker root = {.authority = true, .to_s = DAY_S};
    struct maker middle = {.authority = true, .to_s = DAY_S, .issuer = &root};
    struct maker leaf = {.name = "DNS:leaf.example,IP:10.0.0.1", .to_s = DAY_S, .issuer = &middle};
    const char *whole;
    const char *alone;
    const char *rooted;
    struct trust *trust;
    struct trust *of_middle;
    char why[256];

    (void)state;
    make(&root, "root");
    make(&middle, "middle");
    make(&leaf, "leaf");
    trust = trusting(write_pem("root.pem", (const struct maker *[]){&root}, 1));
    of_middle = trusting(write_pem("middle.pem", (const struct maker *[]){&middle}, 1));
    whole = write_pem("whole.pem", (const struct maker *[]){&leaf, &middle}, 2);
    assert_int_equal(shown(trust, whole, "leaf.example", why), TLS_TRUSTED);
    assert_int_equal(shown(of_middle, whole, "10.0.0.1", why), TLS_TRUSTED);
    assert_int_equal(shown(nothing, whole, "leaf.example", why), TLS_UNKNOWN_ISSUER);
    same(str_of(why), "the chain ends with CN=root,O=\"Example, Inc\", which is not trusted here");
    alone = write_pem("alone.pem", (const struct maker *[]){&leaf}, 1);
    assert_int_equal(shown(of_middle, alone, "leaf.example", why), TLS_TRUSTED);
    assert_int_equal(shown(trust, alone, "leaf.example", why), TLS_UNKNOWN_ISSUER);
    same(str_of(why), "the issuer CN=middle,O=\"Example, Inc\" is not trusted here, nor was its certificate sent");
    rooted = write_pem("rooted.pem", (const struct maker *[]){&leaf, &middle, &root}, 3);
    assert_int_equal(shown(nothing, rooted, "leaf.example", why), TLS_UNKNOWN_ISSUER);
    trust_free(trust);
    trust_free(of_middle);
    unmake(&leaf);
    unmake(&middle);
    unmake(&root);
}

static void time_and_strength_are_judged(void **state)
{
    struct maker over = {.name = "DNS:leaf.example", .from_s = -3 * DAY_S, .to_s = -DAY_S};
    struct maker early = {.name = "DNS:leaf.example", .from_s = DAY_S, .to_s = 3 * DAY_S};
    struct maker weak = {.name = "DNS:leaf.example", .to_s = DAY_S};
    struct maker bare = {.to_s = DAY_S};
    const char *file;
    struct trust *trust;
    char why[256];

    (void)state;
    make(&over, "over");
    assert_int_equal(shown(nothing, write_pem("o.pem", (const struct maker *[]){&over}, 1), "other", why), TLS_EXPIRED);
    has(str_of(why), "the certificate expired at 2");
    make(&early, "early");
    file = write_pem("e.pem", (const struct maker *[]){&early}, 1);
    trust = trusting(file);
    assert_int_equal(shown(trust, file, "leaf.example", why), TLS_EXPIRED);
    has(str_of(why), "the certificate is not valid before 2");
    trust_free(trust);
    weak.key = EVP_RSA_gen(1024);
    make(&weak, "weak");
    file = write_pem("w.pem", (const struct maker *[]){&weak}, 1);
    assert_int_equal(shown(nothing, file, "leaf.example", why), TLS_BROKEN);
    has(str_of(why), "key too weak");
    make(&bare, "bare");
    file = write_pem("b.pem", (const struct maker *[]){&bare}, 1);
    assert_int_equal(shown(nothing, file, "leaf.example", why), TLS_WRONG_NAME);
    has(str_of(why), "is for other names, not for leaf.example");
    unmake(&over);
    unmake(&early);
    unmake(&weak);
    unmake(&bare);
}

static void the_evidence_is_complete(void **state)
{
    struct ends ends;
    struct answer answer;
    struct str fingerprint;

    (void)state;
    meet(&ends, nothing, own, "stand-in.example");
    answer_init(&answer);
    tls_evidence(ends.client, &answer);
    same(answer_value(&answer, "tls"), "TLS 1.3");
    has(answer_value(&answer, "cipher"), "TLS_AES_");
    same(answer_value(&answer, "trust"), "self-signed");
    same(answer_value(&answer, "subject"), "CN=stand-in.example");
    same(answer_value(&answer, "issuer"), "CN=stand-in.example");
    same(tls_issuer(ends.client), "CN=stand-in.example");
    same(answer_value(&answer, "names"), "stand-in.example, 10.20.0.11, fd20::11");
    assert_true(str_ends(answer_value(&answer, "not-after"), "Z"));
    fingerprint = tls_fingerprint(ends.client);
    assert_int_equal(fingerprint.n, 64);
    assert_true(str_eq(answer_value(&answer, "fingerprint"), fingerprint));
    assert_false(answer.cut);
    answer_init(&answer);
    tls_evidence(ends.server, &answer);
    same(answer_value(&answer, "tls"), "TLS 1.3");
    same(answer_value(&answer, "sni"), "stand-in.example");
    part(&ends);

    meet(&ends, nothing, own, "10.20.0.11"); /* an address is no SNI */
    answer_init(&answer);
    tls_evidence(ends.server, &answer);
    assert_null(answer_value(&answer, "sni").p);
    part(&ends);
}

/* The fingerprint is that of the certificate as it is in the PEM, by another way. */
static void the_fingerprint_is_sha256_of_the_certificate(void **state)
{
    struct str pem = identity_certificate(own);
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    unsigned char digest[32];
    char text[65];
    struct ends ends;

    (void)state;
    EVP_Digest(der, (size_t)size, digest, NULL, EVP_sha256(), NULL);
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    meet(&ends, nothing, own, "");
    same(tls_fingerprint(ends.client), text);
    part(&ends);
    OPENSSL_free(der);
    X509_free(certificate);
    BIO_free(bio);
}

/* ------------------------------------------------------------------ files */

static void files_that_are_no_certificates_are_named(void **state)
{
    struct identity *identity = NULL;
    struct trust *trust = NULL;
    const char *why = "";
    const char *empty = path("empty.pem");
    struct maker one = {.name = "DNS:a.example", .to_s = DAY_S};
    struct maker two = {.name = "DNS:a.example", .to_s = DAY_S};

    (void)state;
    assert_int_equal(identity_open("/nonexistent/a.pem", NULL, &identity, &why), -ENOENT);
    same(str_of(why), "/nonexistent/a.pem: No such file or directory");
    write_text(empty, STR("nothing\n"));
    assert_int_equal(identity_open(empty, NULL, &identity, &why), -EINVAL);
    has(str_of(why), "empty.pem: ");
    assert_int_equal(trust_open(&(struct trust_options){.ca_file = empty}, &trust, &why), -EINVAL);
    assert_int_equal(trust_open(&(struct trust_options){.ca_file = "/nonexistent/ca.pem"}, &trust, &why), -ENOENT);
    make(&one, "one");
    make(&two, "two");
    write_pem("one.pem", (const struct maker *[]){&one}, 1);
    write_pem("two.pem", (const struct maker *[]){&two}, 1);
    assert_int_equal(identity_open(path("one.pem"), path("two.pem"), &identity, &why), -EINVAL);
    has(str_of(why), "two.pem: key values mismatch");
    assert_null(identity);
    assert_null(trust);
    unmake(&one);
    unmake(&two);
    identity_free(NULL);
    trust_free(NULL);
    tls_free(NULL);
}

static void names_that_no_certificate_can_hold_are_refused(void **state)
{
    struct identity *identity = NULL;
    const char *why = "";

    (void)state;
    assert_int_equal(identity_make(&(struct str){"a b", 3}, 1, &identity, &why), -EINVAL);
    assert_int_equal(identity_make(&(struct str){"", 0}, 1, &identity, &why), -EINVAL);
    assert_null(identity);
    assert_int_equal(identity_make(NULL, 0, &identity, &why), 0);
    identity_free(identity);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_of_its_own_is_for_its_names),
        cmocka_unit_test(chains_end_in_what_is_trusted),
        cmocka_unit_test(time_and_strength_are_judged),
        cmocka_unit_test(the_evidence_is_complete),
        cmocka_unit_test(the_fingerprint_is_sha256_of_the_certificate),
        cmocka_unit_test(files_that_are_no_certificates_are_named),
        cmocka_unit_test(names_that_no_certificate_can_hold_are_refused),
    };

    return cmocka_run_group_tests_name("tls_trust", tests, setup, teardown);
}
