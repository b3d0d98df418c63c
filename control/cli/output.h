// stdout for as long as a command runs: what is written to std::cout goes through here, and why a
// write failed is remembered, which a stream does not tell.
#pragma once

#include <array>
#include <iosfwd>
#include <streambuf>

namespace tealgate::cli {

class Output final : private std::streambuf {
 public:
  // `stream` writes to `descriptor` until the end of this object.
  Output(std::ostream& stream, int descriptor);
  ~Output() override;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Writes what waits. errno of the first write that failed, or 0.
  int finish();

 private:
  int_type overflow(int_type next) override;
  int sync() override;

  std::ostream& stream_;
  std::streambuf* const before_;
  const int descriptor_;
  int error_ = 0;
  std::array<char, 16384> bytes_;
};

}  // namespace tealgate::cli
