#include "server/template/template.h"

#include "server/template/node.h"

namespace cachescope::templating {
namespace {

// Executes a tree. One per expansion.
class Executor {
 public:
  Executor(const std::string& name, const Value& data, const Environment& environment)
      : name_(name), data_(data), environment_(environment) {
    for (const auto& [variable, value] : environment.variables) variables_.emplace_back(variable, value);
    variables_.emplace_back("$", data);
  }

  Result<std::string> Run(const Node& root) {
    CACHESCOPE_RETURN_IF_ERROR(List(root, data_));
    return std::move(out_);
  }

 private:
  enum class Flow : unsigned char { kNext, kBreak, kContinue };

  Status Fail(const Pipeline& pipeline, const Status& status) const {
    return status.WithPrefix("template: " + name_ + ":" + std::to_string(pipeline.line));
  }

  Status Emit(std::string_view text) {
    if (out_.size() + text.size() > environment_.max_output_bytes) {
      return LimitExceeded("template: " + name_ + ": output over " + std::to_string(environment_.max_output_bytes) +
                           " bytes");
    }
    out_ += text;
    return {};
  }

  // Variables declared inside a list end with it.
  Status List(const Node& node, const Value& dot) {
    const std::size_t scope = variables_.size();
    for (const auto& child : node.children) {
      CACHESCOPE_RETURN_IF_ERROR(Walk(*child, dot));
      if (flow_ != Flow::kNext) break;
    }
    variables_.resize(scope);
    return {};
  }

  Status Walk(const Node& node, const Value& dot) {
    if (++steps_ > environment_.max_steps) return LimitExceeded("template: " + name_ + ": too many steps");
    switch (node.kind) {
      case Node::Kind::kList:
        return List(node, dot);
      case Node::Kind::kText:
        return Emit(node.text);
      case Node::Kind::kBreak:
        flow_ = Flow::kBreak;
        return {};
      case Node::Kind::kContinue:
        flow_ = Flow::kContinue;
        return {};
      case Node::Kind::kAction: {
        CACHESCOPE_ASSIGN_OR_RETURN(const Value value, Evaluate(*node.pipeline, dot));
        return node.pipeline->declare.empty() ? Emit(value.Text()) : Status();
      }
      case Node::Kind::kIf:
      case Node::Kind::kWith:
        return Branch(node, dot);
      case Node::Kind::kRange:
        return Range(node, dot);
    }
    return {};
  }

  Status Branch(const Node& node, const Value& dot) {
    const std::size_t scope = variables_.size();
    CACHESCOPE_ASSIGN_OR_RETURN(const Value value, Evaluate(*node.pipeline, dot));
    Status status;
    if (value.Truth()) {
      status = List(node, node.kind == Node::Kind::kWith ? value : dot);
    } else if (node.otherwise) {
      status = List(*node.otherwise, dot);
    }
    variables_.resize(scope);
    return status;
  }

  Status Iteration(const Node& node, const Value& key, const Value& item, bool* stop) {
    const std::size_t scope = variables_.size();
    const auto& declare = node.pipeline->declare;
    if (declare.size() == 2) variables_.emplace_back(declare[0], key);
    if (!declare.empty()) variables_.emplace_back(declare.back(), item);
    CACHESCOPE_RETURN_IF_ERROR(List(node, item));
    variables_.resize(scope);
    *stop = flow_ == Flow::kBreak;
    flow_ = Flow::kNext;
    return {};
  }

  Status Range(const Node& node, const Value& dot) {
    Pipeline plain = *node.pipeline;
    plain.declare.clear();
    CACHESCOPE_ASSIGN_OR_RETURN(const Value value, Evaluate(plain, dot));
    if (!value.Truth()) return node.otherwise ? List(*node.otherwise, dot) : Status();
    bool stop = false;
    if (const auto* list = value.AsList()) {
      std::int64_t i = 0;
      for (const Value& item : *list) {
        CACHESCOPE_RETURN_IF_ERROR(Iteration(node, Value(i++), item, &stop));
        if (stop) break;
      }
      return {};
    }
    if (const auto* map = value.AsMap()) {
      for (const auto& [key, item] : *map) {
        CACHESCOPE_RETURN_IF_ERROR(Iteration(node, Value(key), item, &stop));
        if (stop) break;
      }
      return {};
    }
    return Fail(plain, InvalidArgument(std::string("range can't iterate over ") + value.TypeName()));
  }

  Result<Value> Evaluate(const Pipeline& pipeline, const Value& dot) {
    Value value;
    bool first = true;
    for (const Command& command : pipeline.commands) {
      Result<Value> result = Run(command, dot, first ? nullptr : &value);
      if (!result.ok()) {
        return result.status().message().starts_with("template: ") ? result.status() : Fail(pipeline, result.status());
      }
      value = std::move(*result);
      first = false;
    }
    for (const std::string& name : pipeline.declare) CACHESCOPE_RETURN_IF_ERROR(Assign(pipeline, name, value));
    return value;
  }

  Status Assign(const Pipeline& pipeline, const std::string& name, const Value& value) {
    if (!pipeline.assign) {
      variables_.emplace_back(name, value);
      return {};
    }
    for (auto it = variables_.rbegin(); it != variables_.rend(); ++it) {
      if (it->first == name) {
        it->second = value;
        return {};
      }
    }
    return Fail(pipeline, InvalidArgument("undefined variable \"" + name + "\""));
  }

  // `previous` is the value piped in; it becomes the last argument.
  Result<Value> Run(const Command& command, const Value& dot, const Value* previous) {
    const Operand& head = command.operands.front();
    if (head.kind != Operand::Kind::kFunction) {
      if (command.operands.size() > 1 || previous != nullptr)
        return InvalidArgument("can't give argument to non-function");
      return Get(head, dot);
    }
    std::vector<Value> args;
    const bool lazy_and = head.name == "and";
    const bool lazy_or = head.name == "or";
    for (std::size_t i = 1; i < command.operands.size(); ++i) {
      CACHESCOPE_ASSIGN_OR_RETURN(Value arg, Get(command.operands[i], dot));
      // and, or stop at the first argument that decides, so later ones are not evaluated.
      if ((lazy_and && !arg.Truth()) || (lazy_or && arg.Truth())) return arg;
      args.push_back(std::move(arg));
    }
    if (previous != nullptr) args.push_back(*previous);
    return Call(head.name, args);
  }

  Result<Value> Call(const std::string& name, const std::vector<Value>& args) const {
    auto result = (*FindTemplateFunction(name))(args, environment_);
    if (!result.ok()) return result.status().WithPrefix("error calling " + name);
    return result;
  }

  Result<Value> Get(const Operand& operand, const Value& dot) {
    switch (operand.kind) {
      case Operand::Kind::kLiteral:
        return operand.literal;
      case Operand::Kind::kFunction:
        return Call(operand.name, {});
      case Operand::Kind::kField:
        return Fields(dot, operand.fields);
      case Operand::Kind::kPipeline: {
        CACHESCOPE_ASSIGN_OR_RETURN(const Value value, Evaluate(*operand.pipeline, dot));
        return Fields(value, operand.fields);
      }
      case Operand::Kind::kVariable:
        for (auto it = variables_.rbegin(); it != variables_.rend(); ++it) {
          if (it->first == operand.name) return Fields(it->second, operand.fields);
        }
        return InvalidArgument("undefined variable \"" + operand.name + "\"");
    }
    return Value();
  }

  static Result<Value> Fields(Value value, const std::vector<std::string>& fields) {
    for (const std::string& field : fields) {
      const Map* map = value.AsMap();
      if (map == nullptr) return InvalidArgument("can't evaluate field " + field + " in type " + value.TypeName());
      const auto found = map->find(field);
      if (found == map->end()) {
        if (!value.is_labels()) return InvalidArgument("can't evaluate field " + field);
        value = Value("");
      } else {
        const Value next = found->second;
        value = next;
      }
    }
    return value;
  }

  const std::string& name_;
  const Value& data_;
  const Environment& environment_;
  std::vector<std::pair<std::string, Value>> variables_;
  std::string out_;
  std::size_t steps_ = 0;
  Flow flow_ = Flow::kNext;
};

}  // namespace

Result<Template> Template::Parse(std::string name, std::string_view text) {
  Template out;
  CACHESCOPE_ASSIGN_OR_RETURN(out.root_, ParseTemplate(name, text));
  out.name_ = std::move(name);
  return out;
}

Result<std::string> Template::Expand(const Value& data, const Environment& environment) const {
  return Executor(name_, data, environment).Run(*root_);
}

Result<std::string> ExpandTemplate(const std::string& name, std::string_view text, const Value& data,
                                   const Environment& environment) {
  CACHESCOPE_ASSIGN_OR_RETURN(const Template parsed, Template::Parse(name, text));
  return parsed.Expand(data, environment);
}

}  // namespace cachescope::templating
