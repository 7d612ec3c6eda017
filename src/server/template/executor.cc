#include "server/template/executor.h"

namespace cachescope::templating {
namespace {

constexpr std::size_t kTextBytesPerStep = 4096;

// The last command when it escapes the one value it gets; null otherwise.
const Command* EscaperOf(const Pipeline& pipeline) {
  const Command& last = pipeline.commands.back();
  const Operand& head = last.operands.front();
  const std::size_t arguments = last.operands.size() - 1 + (pipeline.commands.size() > 1 ? 1 : 0);
  const bool escaper =
      head.function != nullptr && head.fields.empty() && (head.text == "html" || head.text == "urlquery");
  return escaper && arguments == 1 && pipeline.variables.empty() ? &last : nullptr;
}

}  // namespace

Status Writer::Append(std::string_view text) {
  if (out_.size() + text.size() > max_bytes_) return TooLong();
  out_ += text;
  return {};
}

Status Writer::TooLong() const { return LimitExceeded("the output is over " + std::to_string(max_bytes_) + " bytes"); }

Status Writer::Print(const Value& value, std::string_view) {
  if (const std::string* text = value.AsString(); text != nullptr && value.type() == nullptr) return Append(*text);
  return value.AppendText(&out_, max_bytes_) ? Status() : TooLong();
}

// The variables of one template that runs.
class Executor::Frame {
 public:
  Frame(Executor* executor, const Tree& tree) : executor_(executor), tree_(executor->tree_), frame_(executor->frame_) {
    executor->tree_ = &tree;
    executor->frame_ = executor->variables_.size();
    executor->variables_.resize(executor->frame_ + tree.slots);
  }
  ~Frame() {
    executor_->variables_.resize(executor_->frame_);
    executor_->tree_ = tree_;
    executor_->frame_ = frame_;
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

 private:
  Executor* executor_;
  const Tree* tree_;
  std::size_t frame_;
};

Status Executor::Run(const Tree& tree, const Value& data) {
  const Frame frame(this, tree);
  variables_[0] = data;
  for (const auto& variable : tree.surroundings) {
    const auto found = environment_.variables.find(variable.name);
    if (found != environment_.variables.end()) variables_[variable.slot] = found->second;
  }
  return List(tree.root, data) == Flow::kFail ? std::move(status_) : Status();
}

bool Executor::FailAt(std::uint32_t position, const std::string& context, const Status& status) {
  status_ = status.WithPrefix("template: " + LocationText(*tree_->source, position) + ": executing \"" + tree_->name +
                              "\" at <" + context + ">");
  return false;
}

Executor::Flow Executor::Fail(const Node& node, const std::string& context, const Status& status) {
  FailAt(node.position, context, status);
  return Flow::kFail;
}

bool Executor::Step(std::uint32_t position, std::size_t n) {
  Status status = budget_.Spend(n);
  if (status.ok()) return true;
  status_ = status.WithPrefix("template: " + LocationText(*tree_->source, position));
  return false;
}

Executor::Flow Executor::List(const std::vector<Node>& nodes, const Value& dot) {
  for (const Node& node : nodes) {
    const Flow flow = Walk(node, dot);
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Executor::Flow Executor::Walk(const Node& node, const Value& dot) {
  if (!Step(node.position)) return Flow::kFail;
  switch (node.kind) {
    case Node::Kind::kText: {
      // Text may print nothing, as comments of HTML do, and still take its time.
      if (!Step(node.position, node.text.size() / kTextBytesPerStep)) return Flow::kFail;
      Status status = writer_->Raw(node.text);
      if (status.ok()) return Flow::kNext;
      status_ = status.WithPrefix("template: " + LocationText(*tree_->source, node.position));
      return Flow::kFail;
    }
    case Node::Kind::kAction:
      return Action(node, dot);
    case Node::Kind::kIf:
    case Node::Kind::kWith:
      return Branches(node, dot);
    case Node::Kind::kRange:
      return Range(node, dot);
    case Node::Kind::kBreak:
      return Flow::kBreak;
    case Node::Kind::kContinue:
      return Flow::kContinue;
    case Node::Kind::kTemplate:
      return TemplateCall(node, dot);
  }
  return Flow::kNext;
}

Executor::Flow Executor::Action(const Node& node, const Value& dot) {
  const Pipeline& pipeline = node.branches[0].pipeline;
  left_ = writer_->Escapes() ? EscaperOf(pipeline) : nullptr;
  const std::string_view escaper = left_ != nullptr ? std::string_view(left_->operands[0].text) : std::string_view();
  Value value;
  if (!Evaluate(pipeline, dot, &value)) return Flow::kFail;
  if (!pipeline.variables.empty()) return Flow::kNext;
  // `html` of several values was called: what it made is markup now.
  if (left_ == nullptr && writer_->Escapes() && pipeline.commands.back().operands[0].text == "html" &&
      pipeline.commands.back().operands[0].function != nullptr)
    value = value.As(&HtmlType());
  left_ = nullptr;
  const Status status = writer_->Print(value, escaper);
  return status.ok() ? Flow::kNext : Fail(node, NodeText(pipeline), status);
}

Executor::Flow Executor::Branches(const Node& node, const Value& dot) {
  for (const Node::Branch& branch : node.branches) {
    Value value;
    if (!Evaluate(branch.pipeline, dot, &value)) return Flow::kFail;
    if (value.Truth()) return List(branch.body, node.kind == Node::Kind::kWith ? value : dot);
  }
  return List(node.otherwise, dot);
}

// The body of a range for one element.
Executor::Flow Executor::Iterate(const Node& node, const Value& key, const Value& item) {
  if (!Step(node.position)) return Flow::kFail;
  const auto& names = node.branches[0].pipeline.variables;
  if (names.size() == 2) variables_[frame_ + names[0].slot] = key;
  if (!names.empty()) variables_[frame_ + names.back().slot] = item;
  const Flow flow = List(node.branches[0].body, item);
  return flow == Flow::kContinue ? Flow::kNext : flow;
}

Executor::Flow Executor::Range(const Node& node, const Value& dot) {
  const Pipeline& pipeline = node.branches[0].pipeline;
  Value value;
  if (!Evaluate(pipeline, dot, &value)) return Flow::kFail;
  Flow flow = Flow::kNext;
  bool any = false;
  const auto step = [&](const Value& key, const Value& item) {
    any = true;
    flow = Iterate(node, key, item);
    return flow == Flow::kNext;
  };
  if (const templating::List* list = value.AsList()) {
    std::int64_t i = 0;
    for (const Value& item : *list) {
      if (!step(Value(i++), item)) break;
    }
  } else if (const Map* map = value.AsMap()) {
    for (const auto& [key, item] : *map) {
      if (!step(Value(key), item)) break;
    }
  } else if (const std::int64_t* count = value.AsInt(); count != nullptr && value.type() == nullptr) {
    for (std::int64_t i = 0; i < *count; ++i) {
      if (!step(Value(i), Value(i))) break;
    }
  } else if (!value.IsNil()) {
    std::string text;
    (void)value.AppendText(&text, 200);
    FailAt(pipeline.position, NodeText(pipeline), InvalidArgument("range can't iterate over " + text));
    return Flow::kFail;
  }
  if (!any) return List(node.otherwise, dot);
  return flow == Flow::kBreak ? Flow::kNext : flow;
}

Executor::Flow Executor::TemplateCall(const Node& node, const Value& dot) {
  const auto context = [&] {
    return "{{template \"" + node.text + "\"" +
           (node.branches.empty() ? "" : " " + NodeText(node.branches[0].pipeline)) + "}}";
  };
  const auto found = templates_.find(node.text);
  if (found == templates_.end())
    return Fail(node, context(), InvalidArgument("template \"" + node.text + "\" not defined"));
  Value value;
  if (!node.branches.empty() && !Evaluate(node.branches[0].pipeline, dot, &value)) return Flow::kFail;
  if (depth_ == environment_.max_depth) {
    return Fail(node, context(),
                LimitExceeded("templates call each other deeper than " + std::to_string(environment_.max_depth)));
  }
  ++depth_;
  const Frame frame(this, *found->second);
  variables_[frame_] = value;
  const Flow flow = List(found->second->root, value);
  --depth_;
  return flow == Flow::kFail ? flow : Flow::kNext;
}

}  // namespace cachescope::templating
