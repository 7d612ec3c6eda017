// Maps a method and a path to a handler. Built before the server starts, then only read: lookups are thread-safe and
// cost O(path length) for usual route tables; backtracking is bounded by the depth of the patterns.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/server.h"

namespace cachescope::http {

class Router {
 public:
  // A pattern as described at Server::Handle. The same method and pattern again replaces the handler.
  // REQUIRES: the pattern starts with "/" and "*name" is its last segment.
  void Add(std::string_view method, std::string_view pattern, Handler handler);
  // Replaces every handler by wrap(pattern, handler).
  void Wrap(const std::function<Handler(std::string_view, Handler)>& wrap);

  struct Match {
    const Handler* handler = nullptr;                              // null: 405 when `allow` is not empty, else 404
    std::string_view route;                                        // the pattern; lives as long as the router
    std::vector<std::pair<std::string, std::string>> path_params;  // decoded
    std::string allow;                                             // "GET, HEAD, POST"
  };
  // `raw_path` is still encoded: %2F does not separate segments. HEAD falls back to GET.
  Match Find(std::string_view method, std::string_view raw_path) const;

 private:
  struct Route {
    std::string pattern;
    std::vector<std::string> names;  // of the parameters, in order
    Handler handler;
  };
  using Leaf = std::map<std::string, Route, std::less<>>;  // by method
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> param;
    std::unique_ptr<Leaf> rest;  // a final "*name"
    std::unique_ptr<Leaf> leaf;  // the path ends here
  };
  struct Search;
  static bool Visit(const Node& node, std::string_view path, Search* search);
  static bool Accept(const Leaf* leaf, Search* search);
  static void WrapNode(Node* node, const std::function<Handler(std::string_view, Handler)>& wrap);

  Node root_;
};

}  // namespace cachescope::http
