#include "server/http/router.h"

#include <cassert>
#include <set>

namespace cachescope::http {
namespace {

// Cuts the first segment off a path that starts with "/"; the rest is empty or starts with "/".
std::string_view TakeSegment(std::string_view* path) {
  path->remove_prefix(1);
  const std::size_t end = path->find('/');
  const std::string_view segment = path->substr(0, end);
  *path = end == std::string_view::npos ? std::string_view() : path->substr(end);
  return segment;
}

}  // namespace

struct Router::Search {
  std::string_view method;
  std::vector<std::string_view> values;  // of the parameters on the way to the current node
  const Route* found = nullptr;
  std::set<std::string_view> allowed;
};

void Router::Add(std::string_view method, std::string_view pattern, Handler handler) {
  assert(!pattern.empty() && pattern[0] == '/');
  Node* node = &root_;
  std::unique_ptr<Leaf>* slot = nullptr;
  std::vector<std::string> names;
  for (std::string_view path = pattern; !path.empty();) {
    const std::string_view segment = TakeSegment(&path);
    if (!segment.empty() && segment[0] == '*') {
      assert(path.empty());
      names.emplace_back(segment.substr(1));
      slot = &node->rest;
      break;
    }
    if (!segment.empty() && segment[0] == ':') names.emplace_back(segment.substr(1));
    auto& child = !segment.empty() && segment[0] == ':' ? node->param : node->literals[std::string(segment)];
    if (!child) child = std::make_unique<Node>();
    node = child.get();
  }
  if (slot == nullptr) slot = &node->leaf;
  if (!*slot) *slot = std::make_unique<Leaf>();
  (*slot)->insert_or_assign(std::string(method), Route{std::string(pattern), std::move(names), std::move(handler)});
}

void Router::Wrap(const std::function<Handler(std::string_view, Handler)>& wrap) { WrapNode(&root_, wrap); }

void Router::WrapNode(Node* node, const std::function<Handler(std::string_view, Handler)>& wrap) {
  for (Leaf* leaf : {node->rest.get(), node->leaf.get()}) {
    if (leaf == nullptr) continue;
    for (auto& [method, route] : *leaf) route.handler = wrap(route.pattern, std::move(route.handler));
  }
  for (auto& [segment, child] : node->literals) WrapNode(child.get(), wrap);
  if (node->param) WrapNode(node->param.get(), wrap);
}

Router::Match Router::Find(std::string_view method, std::string_view raw_path) const {
  Search search;
  search.method = method;
  Match match;
  if (!raw_path.empty() && raw_path[0] == '/' && Visit(root_, raw_path, &search)) {
    match.handler = &search.found->handler;
    match.route = search.found->pattern;
    for (std::size_t i = 0; i < search.found->names.size(); ++i) {
      match.path_params.emplace_back(search.found->names[i], UrlDecode(search.values[i]));
    }
    return match;
  }
  for (const std::string_view allowed : search.allowed) {
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += allowed;
  }
  return match;
}

// Literal before parameter before rest; a branch that does not have the method is left again, so that GET /a/b and
// POST /a/:x may coexist.
bool Router::Visit(const Node& node, std::string_view path, Search* search) {
  if (path.empty()) return Accept(node.leaf.get(), search);
  std::string_view rest = path;
  const std::string_view segment = TakeSegment(&rest);
  // Registered text is plain, so an escaped literal is compared decoded.
  const auto literal = segment.find('%') == std::string_view::npos ? node.literals.find(segment)
                                                                   : node.literals.find(UrlDecode(segment));
  if (literal != node.literals.end() && Visit(*literal->second, rest, search)) return true;
  if (node.param && !segment.empty()) {
    search->values.push_back(segment);
    if (Visit(*node.param, rest, search)) return true;
    search->values.pop_back();
  }
  if (!node.rest) return false;
  search->values.push_back(path.substr(1));
  if (Accept(node.rest.get(), search)) return true;
  search->values.pop_back();
  return false;
}

bool Router::Accept(const Leaf* leaf, Search* search) {
  if (leaf == nullptr) return false;
  auto found = leaf->find(search->method);
  if (found == leaf->end() && search->method == "HEAD") found = leaf->find("GET");
  if (found != leaf->end()) {
    search->found = &found->second;
    return true;
  }
  for (const auto& [method, route] : *leaf) {
    search->allowed.insert(method);
    if (method == "GET") search->allowed.insert("HEAD");
  }
  return false;
}

}  // namespace cachescope::http
