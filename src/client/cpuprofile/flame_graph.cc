#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "cachescope/cpu_profile.h"
#include "client/cpuprofile/readable_name.h"
#include "client/profile/json_text.h"

namespace cachescope {
namespace {

// All in pixels of a picture that the viewer scales to its width.
constexpr double kWidth = 1200;
constexpr double kMargin = 10;
constexpr double kRow = 18;
constexpr double kTop = 56;
constexpr double kBottom = 30;
constexpr double kCharacter = 6.7;  // of the 11-pixel font below
constexpr double kNarrowest = 0.2;
constexpr std::size_t kMaxDepth = 500;

// Shows a clicked frame, its callers and its callees in full width. Positions are fractions of the whole in x and w.
constexpr std::string_view kScript = R"(
(function () {
  var frames = Array.prototype.slice.call(document.querySelectorAll('g.f'));
  var width = WIDTH, margin = MARGIN, character = CHARACTER;
  var number = function (frame, name) { return parseFloat(frame.getAttribute(name)); };
  function place(frame, x, w) {
    var visible = w * width > 0.2 && x < 1 && x + w > 0;
    frame.style.display = visible ? '' : 'none';
    if (!visible) return;
    var left = margin + Math.max(x, 0) * width, right = margin + Math.min(x + w, 1) * width;
    var rect = frame.querySelector('rect'), text = frame.querySelector('text');
    rect.setAttribute('x', left);
    rect.setAttribute('width', Math.max(right - left - 0.5, 0.1));
    var name = frame.getAttribute('data-n'), room = Math.floor((right - left - 6) / character);
    text.setAttribute('x', left + 3);
    text.textContent = room < 3 ? '' : name.length <= room ? name : name.slice(0, room - 1) + '\u2026';
  }
  function zoom(target) {
    var x = number(target, 'data-x'), w = number(target, 'data-w');
    frames.forEach(function (frame) {
      place(frame, (number(frame, 'data-x') - x) / w, number(frame, 'data-w') / w);
      frame.classList.toggle('caller', number(frame, 'data-d') < number(target, 'data-d'));
    });
  }
  frames.forEach(function (frame) { frame.addEventListener('click', function () { zoom(frame); }); });
})();
)";

struct Node {
  std::map<std::string, std::unique_ptr<Node>> children;  // sorted, so that equal stacks give an equal picture
  std::uint64_t samples = 0;
};

void AddStack(const CpuStack& stack, Node* root) {
  Node* node = root;
  node->samples += stack.samples;
  for (std::size_t i = 0; i < std::min(stack.functions.size(), kMaxDepth); ++i) {
    std::unique_ptr<Node>& child = node->children[stack.functions[i]];
    if (child == nullptr) child = std::make_unique<Node>();
    node = child.get();
    node->samples += stack.samples;
  }
}

// Text for XML 1.0: escaped, and without the characters that it cannot hold.
std::string Xml(std::string_view text) {
  std::string out;
  const std::string valid = client::ValidText(text);
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    const std::string_view rest = std::string_view(valid).substr(i);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#39;";
    } else if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) {
      out += "\xEF\xBF\xBD";
      i += 2;
    } else {
      out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
    }
  }
  return out;
}

template <class... Numbers>
std::string Print(const char* format, Numbers... numbers) {
  char buffer[256];
  std::snprintf(buffer, sizeof buffer, format, numbers...);
  return buffer;
}

// Warm and always the same for a name, so that pictures can be compared.
std::string Colour(const std::string& name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return Print("hsl(%u,%u%%,%u%%)", 8 + hash % 42, 70 + hash / 42 % 20, 62 + hash / 840 % 10);
}

std::string Shortened(const std::string& name, double width) {
  const double room = (width - 6) / kCharacter;
  if (room < 3) return {};
  const auto limit = static_cast<std::size_t>(room);
  return name.size() <= limit ? name : std::string(client::CutText(name, limit - 1)) + "…";
}

class Picture {
 public:
  Picture(const Node& root, std::size_t depth) : all_(static_cast<double>(root.samples)), depth_(depth) {}

  void Draw(const std::string& name, const Node& node, double samples_before, std::size_t level) {
    const double x = samples_before / all_;
    const double w = static_cast<double>(node.samples) / all_;
    if (w * (kWidth - 2 * kMargin) < kNarrowest) return;
    DrawFrame(name, node.samples, x, w, level);
    double before = samples_before;
    for (const auto& [child_name, child] : node.children) {
      Draw(child_name, *child, before, level + 1);
      before += static_cast<double>(child->samples);
    }
  }

  std::string& text() noexcept { return text_; }

 private:
  void DrawFrame(const std::string& name, std::uint64_t samples, double x, double w, std::size_t level) {
    const double left = kMargin + x * (kWidth - 2 * kMargin);
    const double width = w * (kWidth - 2 * kMargin);
    const std::string label = client::ShortName(name);
    const double top = kTop + static_cast<double>(depth_ - level) * kRow;
    text_ += Print("<g class=\"f\" data-x=\"%.7g\" data-w=\"%.7g\" data-d=\"%zu\" data-n=\"", x, w, level) + Xml(name);
    text_ += "\"><title>" + Xml(name) +
             Print(" (%llu samples, %.2f %%)</title>", static_cast<unsigned long long>(samples), 100 * w);
    text_ += Print("<rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%.0f\" rx=\"1.5\" fill=\"", left, top,
                   std::max(width - 0.5, 0.1), kRow - 1) +
             Colour(name);
    text_ += Print("\"/><text x=\"%.2f\" y=\"%.0f\">", left + 3, top + 12.5) + Xml(Shortened(label, width)) +
             "</text></g>\n";
  }

  const double all_;
  const std::size_t depth_;
  std::string text_;
};

std::string Script() {
  std::string script(kScript);
  const auto replace = [&](std::string_view word, double value) {
    script.replace(script.find(word), word.size(), Print("%g", value));
  };
  replace("WIDTH", kWidth - 2 * kMargin);
  replace("MARGIN", kMargin);
  replace("CHARACTER", kCharacter);
  return "<script><![CDATA[" + script + "]]></script>\n";
}

std::string Head(double height, std::string_view title, const Node& root) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += Print(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"100%%\" "
      "preserveAspectRatio=\"xMidYMin meet\">\n",
      kWidth, height);
  text += "<title>" + Xml(title) +
          "</title>\n<style>text{font:11px monospace;fill:#1c1c1c;pointer-events:none}"
          ".t{font:600 16px sans-serif}.s{font:12px sans-serif;fill:#555}.f{cursor:pointer}"
          ".f:hover rect{stroke:#1c1c1c}.caller rect{opacity:.5}</style>\n";
  text += Print("<rect width=\"%.0f\" height=\"%.0f\" fill=\"#fffdf8\"/>\n", kWidth, height);
  text += Print("<text class=\"t\" x=\"%.0f\" y=\"24\">", kMargin) + Xml(title) + "</text>\n";
  text +=
      Print("<text class=\"s\" x=\"%.0f\" y=\"43\">", kMargin) + std::to_string(root.samples) +
      " samples. Width is processor time, callers are below. Point at a frame for its name, click to enlarge it, click "
      "“all” to go back.</text>\n";
  return text;
}

}  // namespace

std::string FlameGraph(const std::vector<CpuStack>& stacks, std::string_view title) {
  Node root;
  std::size_t depth = 0;
  for (const CpuStack& stack : stacks) {
    AddStack(stack, &root);
    depth = std::max(depth, std::min(stack.functions.size(), kMaxDepth));
  }
  const double height = kTop + static_cast<double>(depth + 1) * kRow + kBottom;
  std::string text = Head(height, title, root);
  if (root.samples == 0) {
    text += Print("<text class=\"s\" x=\"%.0f\" y=\"%.0f\">No samples: the program used no processor time.</text>\n",
                  kMargin, kTop + 12);
  } else {
    Picture picture(root, depth);
    picture.Draw("all", root, 0, 0);
    text += picture.text() + Script();
  }
  return text + "</svg>\n";
}

}  // namespace cachescope
