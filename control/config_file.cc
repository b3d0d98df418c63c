#include "control/config_file.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <optional>
#include <sstream>
#include <utility>

#include "control/config_reader.h"
#include "control/config_text.h"
#include "control/config_tree.h"
#include "control/substitution.h"

namespace tealgate {
namespace {

// yaml-cpp stops in silence after what it takes for a whole document. So a last key of our own is
// appended: where it does not arrive, something was swallowed.
constexpr std::string_view kEndKey = "__end__";
constexpr std::string_view kEnd = "\n__end__: 1\n";

TextPosition position_of(const YAML::Mark& mark) {
  return {mark.line, mark.column};
}

// Ends a parse from inside a callback; never leaves this file.
struct Refusal {
  TextPosition at;
  std::string message;
};

// Builds the tree of one document out of yaml-cpp's events. What is built so far is whole enough to
// be read even if the parser throws half way.
class TreeBuilder : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (has_root_) throw Refusal{position_of(mark), "more text after the end of the map"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(ConfigNode::Kind::Null, mark, "", anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    add(make(ConfigNode::Kind::Alias, mark, "", 0));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    ConfigNode node = make(ConfigNode::Kind::Scalar, mark, tag, anchor);
    node.raw = value;
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(make(ConfigNode::Kind::List, mark, tag, anchor), style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(make(ConfigNode::Kind::Map, mark, tag, anchor), style);
  }
  void OnMapEnd() override { close(); }

  std::optional<TextPosition> innermost_flow() const {
    for (auto level = open_.rbegin(); level != open_.rend(); ++level)
      if (level->is_flow) return level->node.at;
    return std::nullopt;
  }

  const ConfigNode& root() const { return root_; }
  ConfigNode take_whole() { return std::move(root_); }
  // The root as far as it came, without its last scalar, which is doubtful, and with what was cut
  // short marked.
  ConfigNode take_part() {
    while (!open_.empty()) {
      open_.back().key.reset();
      close();
    }
    forget_last(root_);
    return std::move(root_);
  }

 private:
  struct Level {
    ConfigNode node;
    std::optional<ConfigEntry> key;  // of a map: waits for its value
    bool is_flow = false;
  };

  ConfigNode make(ConfigNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor) {
    if (++nodes_ > kMostConfigNodes)
      throw Refusal{position_of(mark), "too many values for a config"};
    ConfigNode node;
    node.kind = kind;
    node.at = position_of(mark);
    node.tag = tag == "?" || tag == "!" ? "" : tag;
    node.has_anchor = anchor != 0;
    return node;
  }

  void open(ConfigNode node, YAML::EmitterStyle::value style) {
    if (open_.size() >= kMostConfigDepth) throw Refusal{node.at, "nested too deeply"};
    open_.push_back({std::move(node), {}, style == YAML::EmitterStyle::Flow});
  }

  void close() {
    ConfigNode node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
  }

  void add(ConfigNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      has_root_ = true;
      return;
    }
    Level& level = open_.back();
    if (level.node.is_list()) {
      level.node.items.push_back(std::move(node));
    } else if (!level.key) {
      level.key = as_key(node);
    } else {
      if (node.kind == ConfigNode::Kind::Null) node.at = level.key->at;
      level.key->value = std::move(node);
      level.node.entries.push_back(std::move(*level.key));
      level.key.reset();
    }
  }

  // A key that is no word is left for check_tree() to report.
  static ConfigEntry as_key(const ConfigNode& node) {
    ConfigEntry entry;
    entry.at = node.at;
    entry.key = node.raw;
    entry.is_bad_key = node.raw.empty() || !node.tag.empty() || node.has_anchor;
    return entry;
  }

  static void forget_last(ConfigNode& node) {
    node.is_incomplete = true;
    if (node.is_list() && !node.items.empty()) {
      ConfigNode& last = node.items.back();
      last.is_scalar() ? node.items.pop_back() : forget_last(last);
    } else if (node.is_map() && !node.entries.empty()) {
      ConfigNode& last = node.entries.back().value;
      last.is_scalar() ? node.entries.pop_back() : forget_last(last);
    }
  }

  std::vector<Level> open_;
  ConfigNode root_;
  bool has_root_ = false;
  std::size_t nodes_ = 0;
};

// The last scalar of the tree, in the order of the text.
const ConfigNode* last_scalar(const ConfigNode& node) {
  if (node.is_scalar()) return &node;
  if (node.is_list() && !node.items.empty()) return last_scalar(node.items.back());
  if (node.is_map() && !node.entries.empty()) return last_scalar(node.entries.back().value);
  return nullptr;
}

// Why the end key did not arrive.
Complaint explain_missing_end(const ConfigNode& root, std::string_view text) {
  const ConfigNode* last = last_scalar(root);
  if (last && last->raw.find(kEndKey) != std::string::npos)
    return {last->at, "this quote is never closed", "close it, or quote the whole value"};
  if (const std::optional<TextPosition> at = find_document_break(text))
    return {*at, "the file has more than one YAML document",
            "keep one, without \"---\" or \"...\" after it"};
  if (root.is_map())
    return {root.at, "the file is one { } map",
            "write the keys as lines, without braces around all of them"};
  return {root.at, "the file is not a map of keys",
          "write \"listen: …\" and \"services:\" as its first keys"};
}

struct ParsedTree {
  ConfigNode root;
  std::optional<Complaint> complaint;
};

ParsedTree parse_tree(std::string_view text) {
  std::istringstream stream(std::string(text) + std::string(kEnd));
  TreeBuilder builder;
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& e) {
    Complaint complaint =
        explain_syntax_error(text, {position_of(e.mark), e.msg, builder.innermost_flow()});
    return {builder.take_part(), std::move(complaint)};
  } catch (const Refusal& refusal) {
    return {builder.take_part(), Complaint{refusal.at, refusal.message, ""}};
  } catch (const std::exception& e) {
    return {builder.take_part(), Complaint{{}, std::string("not valid YAML: ") + e.what(), ""}};
  }
  const ConfigNode& root = builder.root();
  if (!root.is_map() || root.entries.empty() || root.entries.back().key != kEndKey) {
    Complaint complaint = explain_missing_end(root, text);
    return {builder.take_part(), std::move(complaint)};
  }
  ConfigNode whole = builder.take_whole();
  whole.entries.pop_back();
  return {std::move(whole), std::nullopt};
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

ConfigResult whole_file_error(const std::string& path, const std::string& message,
                              const std::string& hint) {
  return tl::make_unexpected(
      std::vector<Diagnostic>{Diagnostic{path, 0, 0, message, hint, {}, false}});
}

}  // namespace

ConfigResult load_config(const std::string& path, const ConfigSurroundings& surroundings) {
  const Result<std::string> text = read_bounded_file(path, kLargestConfig);
  if (!text) return whole_file_error(path, "the config file " + text.error().message, "");
  return parse_config(*text, path, surroundings);
}

ConfigResult parse_config(std::string_view text, const std::string& path,
                          const ConfigSurroundings& surroundings) {
  if (text.size() > kLargestConfig)
    return whole_file_error(path, "the config file is larger than 1 MiB", "");
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Findings findings(path, text);
  if (const std::optional<Complaint> complaint = examine_text(text)) {
    if (complaint->at.line < 0)
      return whole_file_error(path, "the config file " + complaint->message, complaint->hint);
    findings.error(complaint->at, complaint->message, complaint->hint);
    return tl::make_unexpected(findings.take());
  }
  ParsedTree tree = parse_tree(text);
  if (tree.complaint)
    findings.error(tree.complaint->at, tree.complaint->message, tree.complaint->hint);
  check_tree(tree.root, findings);
  substitute_tree(tree.root, folder_of(path), surroundings, findings);
  ParsedConfig parsed;
  if (tree.root.is_map()) parsed.config = read_config(tree.root, surroundings, findings);
  const bool failed = findings.has_errors();
  parsed.warnings = findings.take();
  if (failed) return tl::make_unexpected(std::move(parsed.warnings));
  parsed.config.path = path;
  return parsed;
}

}  // namespace tealgate
