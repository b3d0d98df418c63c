#include "base/tls_names.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "base/tls_handles.h"

namespace tealgate {

namespace {

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '%') {
      out.push_back(c);
    } else {
      out.append(1, '%').append(1, "0123456789ABCDEF"[byte >> 4]);
      out.append(1, "0123456789ABCDEF"[byte & 15]);
    }
  }
  return out;
}

std::string_view text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string first_alternative_name(X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, TlsFree<GENERAL_NAMES_free>> all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (const int type : {GEN_DNS, GEN_URI, GEN_EMAIL}) {
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
      const GENERAL_NAME* const one = sk_GENERAL_NAME_value(all.get(), i);
      if (one->type == type) return encoded(text_of(one->d.ia5));
    }
  }
  return {};
}

std::string ip_text(const ASN1_OCTET_STRING* address) {
  const std::string_view bytes = text_of(address);
  if (bytes.size() != 4 && bytes.size() != 16) return "a malformed address";
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

std::string common_name(const X509* certificate) {
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  return encoded(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
}

}  // namespace

std::string tls_first_name(x509_st* certificate) {
  const std::string name = first_alternative_name(certificate);
  return name.empty() ? common_name(certificate) : name;
}

std::string tls_names(x509_st* certificate) {
  constexpr int kShown = 4;
  const std::unique_ptr<GENERAL_NAMES, TlsFree<GENERAL_NAMES_free>> all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  const int count = all ? sk_GENERAL_NAME_num(all.get()) : 0;
  if (count == 0) return common_name(certificate);
  std::string text;
  for (int i = 0; i < std::min(count, kShown); ++i) {
    const GENERAL_NAME* const one = sk_GENERAL_NAME_value(all.get(), i);
    if (!text.empty()) text += ", ";
    if (one->type == GEN_IPADD) {
      text += ip_text(one->d.iPAddress);
    } else {
      text += one->type == GEN_DNS ? encoded(text_of(one->d.dNSName)) : "something else";
    }
  }
  return count > kShown ? text + ", …" : text;
}

}  // namespace tealgate
