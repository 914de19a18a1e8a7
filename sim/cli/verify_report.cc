#include "sim/cli/verify_report.h"

#include <fmt/core.h>

#include <iterator>

#include "sim/scenario/json_string.h"

namespace faultline::cli {
namespace {

std::string in_quotes(std::string_view text) {
  std::string json;
  scenario::append_json_string(json, text);
  return json;
}

std::string settings_text(const std::vector<HostSetting>& settings) {
  std::string text;
  for (const HostSetting& each : settings) {
    text += fmt::format("  the host has {} {}, the simulator {}\n", each.name,
                        each.host.empty() ? "-" : each.host,
                        each.simulated.empty() ? "-" : each.simulated);
  }
  return text;
}

std::string settings_json(const std::vector<HostSetting>& settings) {
  std::string json = "\"settings\":[";
  for (const HostSetting& each : settings) {
    if (json.back() == '}') json += ',';
    json += fmt::format("{{\"name\":{},\"host\":{},\"simulated\":{}}}", in_quotes(each.name),
                        in_quotes(each.host), in_quotes(each.simulated));
  }
  return json + "]";
}

std::string difference_text(const std::string& kernel, const VerifyDifference& difference) {
  return fmt::format("  Linux {}: {}\n  simulated: {}\n", kernel, difference.kernel_answer,
                     difference.simulated_answer);
}

// The answers are JSON already.
std::string difference_json(const VerifyDifference& difference) {
  return fmt::format("\"line\":{},\"kernel_answer\":{},\"simulated_answer\":{}", difference.line,
                     difference.kernel_answer, difference.simulated_answer);
}

std::string unsteady_text(const std::string& kernel, const VerifyDifference& difference,
                          const std::string& where) {
  return fmt::format("  {}line {}, once and not again:\n", where, difference.line) +
         difference_text(kernel, difference);
}

}  // namespace

std::string verify_text(const std::string& file, const VerifyReport& report) {
  std::string text;
  if (report.difference) {
    text = fmt::format("{}:{}: differs from Linux {}, after {} statements that agree\n", file,
                       report.difference->line, report.kernel, report.statements) +
           difference_text(report.kernel, *report.difference);
  } else {
    text =
        fmt::format("{}: {} statements, as on Linux {}\n", file, report.statements, report.kernel);
  }
  if (report.unsteady) text += unsteady_text(report.kernel, *report.unsteady, "");
  for (const SkippedStatement& each : report.skipped) {
    text += fmt::format("  not compared from line {} on: {}\n", each.line, each.why);
  }
  return text + settings_text(report.settings);
}

std::string verify_json(const std::string& file, const VerifyReport& report) {
  std::string json =
      fmt::format("{{\"file\":{},\"agree\":{},\"statements\":{},\"kernel\":{},{},\"skipped\":[",
                  in_quotes(file), !report.difference, report.statements, in_quotes(report.kernel),
                  settings_json(report.settings));
  for (const SkippedStatement& each : report.skipped) {
    if (json.back() == '}') json += ',';
    json += fmt::format("{{\"line\":{},\"why\":{}}}", each.line, in_quotes(each.why));
  }
  json += ']';
  if (report.difference) json += ',' + difference_json(*report.difference);
  if (report.unsteady) json += ",\"unsteady\":{" + difference_json(*report.unsteady) + '}';
  return json + "}\n";
}

std::string random_text(const VerifyCommand& command, const RandomReport& report) {
  std::string text =
      fmt::format("{} --seed {}: {} statements in {} scenarios, {} Linux {}\n", command.random,
                  command.seed, report.statements, report.scenarios,
                  report.difference ? "then a difference from" : "as on", report.kernel);
  for (const UnsteadyAnswer& each : report.unsteady) {
    text +=
        unsteady_text(report.kernel, each.difference, fmt::format("scenario {}, ", each.scenario));
  }
  if (report.difference) {
    text += difference_text(report.kernel, *report.difference) + report.scenario;
  }
  return text + settings_text(report.settings);
}

std::string random_json(const VerifyCommand& command, const RandomReport& report) {
  std::string json = fmt::format(
      "{{\"profile\":{},\"seed\":{},\"agree\":{},\"statements\":{},\"scenarios\":{},"
      "\"kernel\":{},{},\"unsteady\":[",
      in_quotes(command.random), command.seed, !report.difference, report.statements,
      report.scenarios, in_quotes(report.kernel), settings_json(report.settings));
  for (const UnsteadyAnswer& each : report.unsteady) {
    if (json.back() == '}') json += ',';
    json += fmt::format("{{\"scenario\":{},{}}}", each.scenario, difference_json(each.difference));
  }
  json += ']';
  if (report.difference) {
    json +=
        ',' + difference_json(*report.difference) + ",\"scenario\":" + in_quotes(report.scenario);
  }
  return json + "}\n";
}

}  // namespace faultline::cli
