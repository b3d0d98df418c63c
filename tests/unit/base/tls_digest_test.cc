#include "base/tls_digest.h"

#include <doctest/doctest.h>

using namespace tealgate;

TEST_CASE("Digest: SHA-256 is that of FIPS 180-2") {
  CHECK(sha256("abc") ==
        *parse_sha256("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  CHECK(sha256("") ==
        *parse_sha256("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"));
}

TEST_CASE("Digest: only 64 hexadecimal digits are one") {
  for (const char* text : {"", "ba78", "secret"}) CHECK_FALSE(parse_sha256(text));
  CHECK_FALSE(parse_sha256(std::string(63, 'a')));
  CHECK_FALSE(parse_sha256(std::string(65, 'a')));
  CHECK_FALSE(parse_sha256(std::string(63, 'a') + "g"));
  CHECK_FALSE(parse_sha256("0x" + std::string(62, 'a')));
  CHECK_FALSE(parse_sha256(std::string(62, 'a') + " 1"));
}

TEST_CASE("Digest: they differ if one bit does") {
  const Sha256 digest = sha256("abc");
  CHECK(is_same_digest(digest, sha256("abc")));
  for (std::size_t i = 0; i < digest.size(); ++i) {
    Sha256 other = digest;
    other[i] ^= 1;
    CHECK_FALSE(is_same_digest(digest, other));
  }
}
