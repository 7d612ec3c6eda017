// Runs a template. One executor per expansion. Internal to the module.
#pragma once

#include <string>
#include <vector>

#include "server/template/function.h"
#include "server/template/node.h"

namespace cachescope::templating {

// Where printed text goes. Text mode appends, HTML mode also escapes (html_writer.h).
class Writer {
 public:
  explicit Writer(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  virtual ~Writer() = default;
  // Text of the template itself.
  virtual Status Raw(std::string_view text) { return Append(text); }
  // What an action printed. `escaper`: the last function of its pipeline, when that is `html` or `urlquery`; else
  // empty.
  virtual Status Print(const Value& value, std::string_view escaper);
  // True when `Print` makes the escaping of `html` and `urlquery` itself where that is right, so that the executor
  // leaves the call to it.
  virtual bool Escapes() const { return false; }
  std::string Take() { return std::move(out_); }

 protected:
  Status Append(std::string_view text);
  Status TooLong() const;

  std::string out_;
  std::size_t max_bytes_;
};

class Executor {
 public:
  // `templates` and `environment` outlive the executor.
  Executor(const TreeMap& templates, const Environment& environment, Writer* writer)
      : templates_(templates),
        environment_(environment),
        writer_(writer),
        budget_{environment.max_steps, environment.max_queries},
        call_{environment, budget_} {}

  Status Run(const Tree& tree, const Value& data);

 private:
  // kFail: status_ says why.
  enum class Flow : unsigned char { kNext, kBreak, kContinue, kFail };
  struct Arguments {
    std::size_t first = 0;  // in stack_
    std::size_t count = 0;
  };
  class Frame;

  // Blocks. `dot` lives at least as long as the call.
  Flow List(const std::vector<Node>& nodes, const Value& dot);
  Flow Walk(const Node& node, const Value& dot);
  Flow Action(const Node& node, const Value& dot);
  Flow Branches(const Node& node, const Value& dot);
  Flow Range(const Node& node, const Value& dot);
  Flow Iterate(const Node& node, const Value& key, const Value& item);
  Flow TemplateCall(const Node& node, const Value& dot);

  // Pipelines; false: status_ says why.
  bool Evaluate(const Pipeline& pipeline, const Value& dot, Value* out);
  bool Run(const Command& command, const Value& dot, const Value* final, Value* out);
  bool RunLazy(const Command& command, const Value& dot, const Value* final, Value* out);
  bool CallFunction(const Command& command, const Value& dot, const Value* final, Value* out);
  bool Get(const Operand& operand, const Value& dot, Value* out);
  bool GetBase(const Operand& operand, const Value& dot, const Value** base, Value* storage);
  bool Fields(const Operand& operand, const Value* base, const Command* command, const Value& dot, const Value* final,
              Value* out);
  bool Field(const Operand& operand, const Value& value, const std::string& name, const Value** next, Value* storage);
  bool Method(const Operand& operand, const Value& self, const struct Method& method, Args args, Value* out);
  bool PushArgument(const Operand& operand, const Value& dot, Param param);
  bool CheckArgument(Param param, Value* value);
  bool PushOperands(const Command& command, const Value& dot, const Value* final);

  // Failures with their place.
  bool FailAt(std::uint32_t position, const std::string& context, const Status& status);
  Flow Fail(const Node& node, const std::string& context, const Status& status);
  bool Step(std::uint32_t position, std::size_t n = 1);

  const TreeMap& templates_;
  const Environment& environment_;
  Writer* writer_;
  Budget budget_;
  Call call_;
  const Tree* tree_ = nullptr;
  std::size_t frame_ = 0;          // of tree_ in variables_
  std::size_t depth_ = 0;          // templates within templates
  std::vector<Value> variables_;   // the frames of all templates that run
  std::vector<Value> stack_;       // arguments of calls
  const Command* left_ = nullptr;  // the escaper at the end of the action that runs, when the writer makes its escaping
  Status status_;
};

}  // namespace cachescope::templating
