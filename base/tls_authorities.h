// Who may sign certificates of servers, or of clients, as a PEM file holds them. Immutable; the
// contexts of all threads share it, since the system's list takes long to read.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct ssl_ctx_st;
struct x509_store_st;

namespace tealgate {

class TlsAuthorities {
 public:
  // The error does not name the file.
  static Result<std::shared_ptr<const TlsAuthorities>> parse(std::string pem);
  ~TlsAuthorities();

  // Where this system may keep those that everybody trusts, the likeliest first.
  static std::vector<std::string> system_files();

  const std::string& pem() const { return pem_; }
  // Peers of `context` must be signed by one of them.
  void use_for(ssl_ctx_st* context) const;
  // The same of a listener's context, whose clients are told their names to choose by.
  void use_for_clients(ssl_ctx_st* context) const;

 private:
  explicit TlsAuthorities(std::string pem);

  const std::string pem_;
  x509_store_st* store_;
};

}  // namespace tealgate
