// Pipelines: commands, calls, fields and methods.
#include "server/template/executor.h"

namespace cachescope::templating {
namespace {

// Long texts cost time to copy; this many bytes are one step.
constexpr std::size_t kBytesPerStep = 4096;

std::string_view ParamName(Param param) {
  switch (param) {
    case Param::kText:
      return "string";
    case Param::kWhole:
      return "int";
    case Param::kFloat:
      return "float64";
    case Param::kTexts:
      return "[]string";
    case Param::kTime:
      return "time.Time";
    case Param::kSamples:
      return "template.queryResult";
    case Param::kSample:
      return "*template.sample";
    case Param::kAny:
      break;
  }
  return "interface {}";
}

bool Fits(Param param, const Value& value) {
  switch (param) {
    case Param::kText:
      return value.AsString() != nullptr && value.type() == nullptr;
    case Param::kWhole:
      return value.AsInt() != nullptr && value.type() == nullptr;
    case Param::kFloat:
      return value.AsFloat() != nullptr;
    case Param::kTexts:
      return value.AsList() != nullptr && value.type() == &StringsType();
    case Param::kTime:
      return value.AsTime() != nullptr;
    case Param::kSamples:
      return IsSamples(value);
    case Param::kSample:
      return IsSample(value);
    case Param::kAny:
      break;
  }
  return true;
}

}  // namespace

bool Executor::Evaluate(const Pipeline& pipeline, const Value& dot, Value* out) {
  Value value;
  bool first = true;
  for (const Command& command : pipeline.commands) {
    Value next;
    if (!Run(command, dot, first ? nullptr : &value, &next)) return false;
    value = std::move(next);
    first = false;
  }
  for (const Pipeline::Variable& variable : pipeline.variables) variables_[frame_ + variable.slot] = value;
  *out = std::move(value);
  return true;
}

// `final` is the value piped in, the last argument; null when there is none.
bool Executor::Run(const Command& command, const Value& dot, const Value* final, Value* out) {
  const Operand& head = command.operands.front();
  const bool arguments = command.operands.size() > 1 || final != nullptr;
  switch (head.kind) {
    case Operand::Kind::kFunction:
      if (!head.fields.empty()) break;
      if (head.function->lazy != Function::Lazy::kNo) return RunLazy(command, dot, final, out);
      return CallFunction(command, dot, final, out);
    case Operand::Kind::kField:
      return Fields(head, &dot, &command, dot, final, out);
    case Operand::Kind::kVariable:
      if (head.fields.empty()) break;
      return Fields(head, &variables_[frame_ + head.slot], &command, dot, final, out);
    case Operand::Kind::kPipeline: {
      if (head.fields.empty()) break;
      Value base;
      return Evaluate(*head.pipeline, dot, &base) && Fields(head, &base, &command, dot, final, out);
    }
    case Operand::Kind::kNil:
      return FailAt(head.position, "nil", InvalidArgument("nil is not a command"));
    default:
      break;
  }
  if (arguments) {
    return FailAt(head.position, NodeText(head),
                  InvalidArgument("can't give argument to non-function " + NodeText(head)));
  }
  return Get(head, dot, out);
}

// and, or: the arguments behind the deciding one are not evaluated.
bool Executor::RunLazy(const Command& command, const Value& dot, const Value* final, Value* out) {
  const Operand& head = command.operands.front();
  const bool stop_at = head.function->lazy == Function::Lazy::kOr;
  if (command.operands.size() == 1 && final == nullptr) {
    return FailAt(head.position, NodeText(command),
                  InvalidArgument("wrong number of args for " + head.text + ": want at least 1 got 0"));
  }
  if (!Step(command.position)) return false;
  for (std::size_t i = 1; i < command.operands.size(); ++i) {
    if (!Get(command.operands[i], dot, out)) return false;
    if (out->Truth() == stop_at) return true;
  }
  if (final != nullptr) *out = *final;
  return true;
}

bool Executor::CallFunction(const Command& command, const Value& dot, const Value* final, Value* out) {
  const Operand& head = command.operands.front();
  const Function& function = *head.function;
  const std::size_t want = function.params.size() - (function.variadic ? 1 : 0);
  const std::size_t got = command.operands.size() - 1 + (final != nullptr ? 1 : 0);
  if (got < want || (got > want && !function.variadic)) {
    return FailAt(
        head.position, NodeText(head),
        InvalidArgument("wrong number of args for " + head.text + ": want " + (function.variadic ? "at least " : "") +
                        std::to_string(want) + " got " + std::to_string(got)));
  }
  if (!Step(command.position)) return false;
  const std::size_t begin = stack_.size();
  for (std::size_t i = 1; i < command.operands.size(); ++i) {
    if (!PushArgument(command.operands[i], dot, function.params[std::min(i, function.params.size()) - 1])) return false;
  }
  if (final != nullptr) {
    stack_.push_back(*final);
    if (!CheckArgument(function.params[std::min(got, function.params.size()) - 1], &stack_.back()))
      return FailAt(head.position, NodeText(command), status_);
  }
  // What HTML output escapes by itself it gets as it is.
  Result<Value> result =
      &command == left_ ? Result<Value>(stack_.back()) : function.call(Args(stack_.data() + begin, got), call_);
  stack_.resize(begin);
  if (!result.ok())
    return FailAt(command.position, NodeText(command), result.status().WithPrefix("error calling " + head.text));
  *out = std::move(*result);
  if (const std::string* text = out->AsString(); text != nullptr && text->size() >= kBytesPerStep) {
    const Status status = call_.CheckText(text->size());
    if (!status.ok())
      return FailAt(command.position, NodeText(command), status.WithPrefix("error calling " + head.text));
    return Step(command.position, text->size() / kBytesPerStep);
  }
  return true;
}

bool Executor::PushArgument(const Operand& operand, const Value& dot, Param param) {
  Value value;
  if (operand.kind == Operand::Kind::kNil) {
    if (param == Param::kAny) {
      stack_.emplace_back();
      return true;
    }
    return FailAt(operand.position, "nil", InvalidArgument("cannot assign nil to " + std::string(ParamName(param))));
  }
  if (!Get(operand, dot, &value)) return false;
  // A literal takes the type that is wanted, if it can.
  if (operand.kind == Operand::Kind::kNumber) {
    if (param == Param::kFloat && value.AsInt() != nullptr) value = Value(static_cast<double>(*value.AsInt()));
    if (param == Param::kWhole && value.AsFloat() != nullptr && *value.AsFloat() >= -9e15 && *value.AsFloat() <= 9e15 &&
        *value.AsFloat() == static_cast<double>(static_cast<std::int64_t>(*value.AsFloat())))
      value = Value(static_cast<std::int64_t>(*value.AsFloat()));
  }
  const bool literal = operand.kind == Operand::Kind::kNumber || operand.kind == Operand::Kind::kString ||
                       operand.kind == Operand::Kind::kBool;
  const bool basic = param == Param::kText || param == Param::kWhole || param == Param::kFloat;
  if (literal && !basic && !Fits(param, value)) {
    return FailAt(
        operand.position, NodeText(operand),
        InvalidArgument("can't handle " + NodeText(operand) + " for arg of type " + std::string(ParamName(param))));
  }
  if (literal && !Fits(param, value)) {
    return FailAt(operand.position, NodeText(operand),
                  InvalidArgument("expected " + std::string(ParamName(param)) + "; found " + NodeText(operand)));
  }
  if (!CheckArgument(param, &value)) return FailAt(operand.position, NodeText(operand), status_);
  stack_.push_back(std::move(value));
  return true;
}

// Leaves status_ without a place.
bool Executor::CheckArgument(Param param, Value* value) {
  if (Fits(param, *value)) return true;
  if (value->IsNil()) {
    status_ = InvalidArgument("invalid value; expected " + std::string(ParamName(param)));
  } else {
    status_ = InvalidArgument("wrong type for value; expected " + std::string(ParamName(param)) + "; got " +
                              std::string(value->TypeName()));
  }
  return false;
}

bool Executor::Get(const Operand& operand, const Value& dot, Value* out) {
  Value storage;
  const Value* base = nullptr;
  if (!GetBase(operand, dot, &base, &storage)) return false;
  if (!operand.fields.empty()) return Fields(operand, base, nullptr, dot, nullptr, out);
  if (base == &storage) {
    *out = std::move(storage);
  } else {
    *out = *base;
  }
  const std::string* text = out->AsString();
  return text == nullptr || text->size() < kBytesPerStep || Step(operand.position, text->size() / kBytesPerStep);
}

// What stands before the fields of an operand; `storage` holds it when it is computed.
bool Executor::GetBase(const Operand& operand, const Value& dot, const Value** base, Value* storage) {
  *base = storage;
  switch (operand.kind) {
    case Operand::Kind::kNil:
      return true;
    case Operand::Kind::kBool:
    case Operand::Kind::kNumber:
    case Operand::Kind::kString:
      *base = &operand.literal;
      return true;
    case Operand::Kind::kDot:
    case Operand::Kind::kField:
      *base = &dot;
      return true;
    case Operand::Kind::kVariable:
      *base = &variables_[frame_ + operand.slot];
      return true;
    case Operand::Kind::kPipeline:
      return Evaluate(*operand.pipeline, dot, storage);
    case Operand::Kind::kFunction: {
      Command command;
      command.position = operand.position;
      Operand& head = command.operands.emplace_back();
      head.kind = operand.kind;
      head.position = operand.position;
      head.function = operand.function;
      head.text = operand.text;
      return Run(command, dot, nullptr, storage);
    }
  }
  return true;
}

// Goes through the fields behind a value. The last of them takes the arguments of the command, if it is a method.
bool Executor::Fields(const Operand& operand, const Value* base, const Command* command, const Value& dot,
                      const Value* final, Value* out) {
  // A variable may be assigned while arguments are evaluated, so what it held is kept.
  Value held;
  const bool arguments = command != nullptr && (command->operands.size() > 1 || final != nullptr);
  if (arguments) {
    held = *base;
    base = &held;
  }
  Value storage[2];
  for (std::size_t i = 0; i < operand.fields.size(); ++i) {
    const std::string& name = operand.fields[i];
    const bool last = i + 1 == operand.fields.size();
    const Type* type = MethodsOf(*base);
    const templating::Method* method = type != nullptr ? type->FindMethod(name) : nullptr;
    Value* const next = &storage[i % 2];
    if (method != nullptr) {
      const std::size_t begin = stack_.size();
      if (last && arguments && !PushOperands(*command, dot, final)) return false;
      const std::size_t count = stack_.size() - begin;
      if (!Method(operand, *base, *method, Args(stack_.data() + begin, count), next)) return false;
      stack_.resize(begin);
      base = next;
      continue;
    }
    if (last && arguments && !base->IsNil()) {
      const bool record = base->AsRecord() != nullptr;
      return FailAt(operand.position, NodeText(operand),
                    InvalidArgument(name + (record ? " has arguments but cannot be invoked as function"
                                                   : " is not a method but has arguments")));
    }
    if (!Field(operand, *base, name, &base, next)) return false;
  }
  *out = *base;
  const std::string* text = out->AsString();
  return text == nullptr || text->size() < kBytesPerStep || Step(operand.position, text->size() / kBytesPerStep);
}

bool Executor::PushOperands(const Command& command, const Value& dot, const Value* final) {
  for (std::size_t i = 1; i < command.operands.size(); ++i) {
    if (!PushArgument(command.operands[i], dot, Param::kAny)) return false;
  }
  if (final != nullptr) stack_.push_back(*final);
  return true;
}

bool Executor::Method(const Operand& operand, const Value& self, const templating::Method& method, Args args,
                      Value* out) {
  if (!Step(operand.position)) return false;
  const std::string name(method.name);
  if (args.size() != method.args) {
    return FailAt(operand.position, NodeText(operand),
                  InvalidArgument("wrong number of args for " + name + ": want " + std::to_string(method.args) +
                                  " got " + std::to_string(args.size())));
  }
  // Methods of lists and maps copy them.
  const std::size_t items = self.AsList() != nullptr  ? self.AsList()->size()
                            : self.AsMap() != nullptr ? self.AsMap()->size()
                                                      : 0;
  if (!Step(operand.position, items / 16)) return false;
  Result<Value> result = method.call(self, args);
  if (!result.ok()) return FailAt(operand.position, NodeText(operand), result.status());
  *out = std::move(*result);
  return true;
}

bool Executor::Field(const Operand& operand, const Value& value, const std::string& name, const Value** next,
                     Value* storage) {
  const Type* type = value.type();
  if (const Map* map = value.AsMap()) {
    const auto found = map->find(name);
    if (found != map->end()) {
      *next = &found->second;
      return true;
    }
    if (type != nullptr && type->missing != Type::Missing::kError) {
      *storage = type->missing == Type::Missing::kEmptyText ? Value("") : Value();
      *next = storage;
      return true;
    }
  } else if (const Record* record = value.AsRecord(); record != nullptr && type != nullptr) {
    for (std::size_t i = 0; i < type->fields.size() && i < record->fields.size(); ++i) {
      if (type->fields[i] != name) continue;
      *next = &record->fields[i];
      return true;
    }
  } else if (value.IsNil()) {
    *storage = Value();
    *next = storage;
    return true;
  }
  return FailAt(operand.position, NodeText(operand),
                InvalidArgument("can't evaluate field " + name + " in type " + std::string(value.TypeName())));
}

}  // namespace cachescope::templating
