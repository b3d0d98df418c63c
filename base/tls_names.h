// The names in a peer's certificate as text for fields and logs: anything but visible ASCII is
// percent-encoded.
#pragma once

#include <string>

struct x509_st;

namespace tealgate {

// The first DNS, URI or mail name of subjectAltName, else the common name.
std::string tls_first_name(x509_st* certificate);

// What it is for, a few names at most: "a.example.com, 10.0.0.1".
std::string tls_names(x509_st* certificate);

}  // namespace tealgate
