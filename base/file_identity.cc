#include "base/file_identity.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace tealgate {

std::optional<FileIdentity> identity_of_file(const std::string& path) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  struct statx file {};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &file) != 0) return std::nullopt;
  FileIdentity identity;
  identity.device = (std::uint64_t{file.stx_dev_major} << 32) | file.stx_dev_minor;
  identity.number = file.stx_ino;
  if ((file.stx_mask & STATX_BTIME) != 0) {
    identity.made_at_ns = file.stx_btime.tv_sec * kSecond + file.stx_btime.tv_nsec;
  }
  return identity;
}

}  // namespace tealgate
