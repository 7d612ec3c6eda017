// Names and short texts are those Alertmanager's users and their mail filters know; the longer messages and the mail
// are our own.
#include "server/template/defaults/defaults.h"

namespace cachescope::templating {
namespace {

constexpr std::string_view kShared = R"tmpl(
{{ define "__alertmanager" }}Alertmanager{{ end }}
{{ define "__alertmanagerURL" }}{{ printf "%s/#/alerts?receiver=%s" .ExternalURL (urlquery .Receiver) }}{{ end }}
{{ define "__description" }}{{ end }}

{{ define "__subject" -}}
  {{ $state := toUpper .Status -}}
  {{ if eq .Status "firing" }}{{ $state = printf "%s:%d" $state (len .Alerts.Firing) }}{{ end -}}
  {{ printf "[%s] %s " $state (join " " .GroupLabels.Values) }}
  {{- if lt (len .GroupLabels) (len .CommonLabels) -}}
    {{ $rest := .CommonLabels.Remove .GroupLabels.Names }}{{ printf "(%s)" (join " " $rest.Values) }}
  {{- end }}
{{- end }}

{{ define "__text_pairs" }}{{ range . }}{{ printf " - %s = %s\n" .Name .Value }}{{ end }}{{ end }}
{{ define "__text_alert_list" -}}
  {{ range . -}}
    {{ println "Labels:" }}{{ template "__text_pairs" .Labels.SortedPairs -}}
    {{ println "Annotations:" }}{{ template "__text_pairs" .Annotations.SortedPairs -}}
    {{ printf "Source: %s\n" .GeneratorURL -}}
  {{ end -}}
{{ end }}

{{ define "__markdown_pairs" }}{{ range . }}{{ printf "  - %s = %s\n" .Name .Value }}{{ end }}{{ end }}
{{ define "__text_alert_list_markdown" -}}
  {{ range . -}}
    {{ printf "\nLabels:\n" }}{{ template "__markdown_pairs" .Labels.SortedPairs -}}
    {{ printf "\nAnnotations:\n" }}{{ template "__markdown_pairs" .Annotations.SortedPairs -}}
    {{ printf "\nSource: %s\n" .GeneratorURL -}}
  {{ end -}}
{{ end }}

{{ define "__text_alerts" -}}
  {{ with .Alerts.Firing }}{{ println "Alerts Firing:" }}{{ template "__text_alert_list" . }}{{ end -}}
  {{ with .Alerts.Resolved }}{{ println "Alerts Resolved:" }}{{ template "__text_alert_list" . }}{{ end -}}
{{ end }}
{{ define "__text_message" -}}
  {{ with .CommonAnnotations.Values }}{{ join " " . | println }}{{ end }}{{ template "__text_alerts" . -}}
{{ end }}
{{ define "__markdown_alerts" -}}
  {{ with .Alerts.Firing }}{{ println "# Alerts Firing:" }}{{ template "__text_alert_list_markdown" . }}{{ end -}}
  {{ with .Alerts.Resolved }}{{ println "# Alerts Resolved:" }}{{ template "__text_alert_list_markdown" . }}{{ end -}}
{{ end }}
)tmpl";

constexpr std::string_view kReceivers = R"tmpl(
{{ define "slack.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "slack.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "slack.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "slack.default.fallback" }}{{ template "__subject" . }} | {{ template "__alertmanagerURL" . }}{{ end }}
{{ define "slack.default.callbackid" }}{{ end }}
{{ define "slack.default.pretext" }}{{ end }}
{{ define "slack.default.iconemoji" }}{{ end }}
{{ define "slack.default.iconurl" }}{{ end }}
{{ define "slack.default.text" }}{{ end }}
{{ define "slack.default.footer" }}{{ end }}

{{ define "mattermost.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "mattermost.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "mattermost.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "mattermost.default.fallback" }}{{ template "__subject" . }} | {{ template "__alertmanagerURL" . }}{{ end }}
{{ define "mattermost.default.color" }}{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}{{ end }}
{{ define "mattermost.default.text" }}{{ template "__markdown_alerts" . }}{{ end }}

{{ define "rocketchat.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "rocketchat.default.alias" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "rocketchat.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "rocketchat.default.emoji" }}{{ end }}
{{ define "rocketchat.default.iconurl" }}{{ end }}
{{ define "rocketchat.default.text" }}{{ end }}

{{ define "pagerduty.default.description" }}{{ template "__subject" . }}{{ end }}
{{ define "pagerduty.default.client" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "pagerduty.default.clientURL" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "pagerduty.default.instances" }}{{ template "__text_alert_list" . }}{{ end }}

{{ define "opsgenie.default.message" }}{{ template "__subject" . }}{{ end }}
{{ define "opsgenie.default.description" }}{{ template "__text_message" . }}{{ end }}
{{ define "opsgenie.default.source" }}{{ template "__alertmanagerURL" . }}{{ end }}

{{ define "victorops.default.entity_display_name" }}{{ template "__subject" . }}{{ end }}
{{ define "victorops.default.state_message" }}{{ template "__text_message" . }}{{ end }}
{{ define "victorops.default.monitoring_tool" }}{{ template "__alertmanager" . }}{{ end }}

{{ define "pushover.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "pushover.default.message" }}{{ template "__text_message" . }}{{ end }}
{{ define "pushover.default.url" }}{{ template "__alertmanagerURL" . }}{{ end }}

{{ define "sns.default.subject" }}{{ template "__subject" . }}{{ end }}
{{ define "sns.default.message" }}{{ template "__text_message" . }}{{ end }}

{{ define "wechat.default.message" -}}
  {{ template "__subject" . }}
{{ template "__text_message" . -}}
AlertmanagerUrl:
{{ template "__alertmanagerURL" . }}
{{- end }}
{{ define "wechat.default.to_user" }}{{ end }}
{{ define "wechat.default.to_party" }}{{ end }}
{{ define "wechat.default.to_tag" }}{{ end }}
{{ define "wechat.default.agent_id" }}{{ end }}

{{ define "telegram.default.message" }}{{ template "__text_alerts" . }}{{ end }}
{{ define "webex.default.message" }}{{ template "__text_message" . }}{{ end }}
{{ define "discord.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "discord.default.message" }}{{ template "__text_alerts" . }}{{ end }}

{{ define "msteams.default.summary" }}{{ template "__subject" . }}{{ end }}
{{ define "msteams.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "msteams.default.text" }}{{ template "__markdown_alerts" . }}{{ end }}
{{ define "msteamsv2.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "msteamsv2.default.text" }}{{ template "__markdown_alerts" . }}{{ end }}

{{ define "jira.default.summary" }}{{ template "__subject" . }}{{ end }}
{{ define "jira.default.description" }}{{ template "__markdown_alerts" . }}{{ end }}
{{ define "__highest_severity" -}}
  {{ $high := false }}{{ $medium := false }}{{ $low := false -}}
  {{ range . -}}
    {{ if eq .Labels.severity "critical" }}{{ $high = true }}{{ end -}}
    {{ if eq .Labels.severity "warning" }}{{ $medium = true }}{{ end -}}
    {{ if eq .Labels.severity "info" }}{{ $low = true }}{{ end -}}
  {{ end -}}
  {{ if $high }}High{{ else if $medium }}Medium{{ else if $low }}Low{{ end -}}
{{ end }}
{{ define "jira.default.priority" -}}
  {{ $known := false }}{{ range .Alerts.Firing }}{{ if match "^(critical|warning|info)$" .Labels.severity }}{{ $known = true }}{{ end }}{{ end -}}
  {{ if $known }}{{ template "__highest_severity" .Alerts.Firing }}{{ else }}{{ template "__highest_severity" .Alerts.Resolved }}{{ end -}}
{{ end }}
)tmpl";

// Tables and inline styles only: mail clients drop the rest. At most 50 alerts of each kind, so that a large group
// still makes a mail.
constexpr std::string_view kEmail = R"tmpl(
{{ define "email.default.subject" }}{{ template "__subject" . }}{{ end }}
{{ define "email.default.text" }}{{ template "__text_message" . }}{{ template "__alertmanagerURL" . }}{{ end }}

{{ define "__email_pairs" -}}
  {{ range . }}<tr><td style="padding:1px 12px 1px 0;color:#6b7280;vertical-align:top;white-space:nowrap">{{ .Name }}</td><td style="padding:1px 0;vertical-align:top;word-break:break-word">{{ .Value }}</td></tr>
  {{ end -}}
{{ end }}

{{ define "__email_alert" -}}
<tr><td style="padding:16px 24px;border-top:1px solid #e5e7eb">
<div style="font-size:15px;font-weight:bold">{{ with .Labels.alertname }}{{ . }}{{ else }}Alert{{ end }}{{ with .Annotations.summary }}: {{ . }}{{ end }}</div>
<div style="padding:2px 0 6px 0;color:#6b7280;font-size:12px">since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05 MST" }}{{ if eq .Status "resolved" }}, ended {{ .EndsAt.UTC.Format "2006-01-02 15:04:05 MST" }}{{ end }}</div>
<table cellpadding="0" cellspacing="0" border="0" style="font-size:13px">
{{ template "__email_pairs" .Labels.SortedPairs }}{{ with .Annotations.SortedPairs }}<tr><td colspan="2" style="padding:6px 0 1px 0;font-weight:bold">Annotations</td></tr>
{{ template "__email_pairs" . }}{{ end }}</table>
{{ with .GeneratorURL }}<div style="padding-top:6px;font-size:13px"><a href="{{ . }}" style="color:#1d4ed8">Source</a></div>{{ end }}
</td></tr>
{{ end }}

{{ define "__email_alerts" -}}
  {{ $shown := .list }}{{ if gt (len .list) 50 }}{{ $shown = slice .list 0 50 }}{{ end -}}
  {{ with .list }}<tr><td style="padding:16px 24px 8px 24px;font-size:16px;font-weight:bold;color:{{ $.color }}">{{ len . }} {{ $.what }}{{ if gt (len .) 50 }}, the first 50 of them{{ end }}</td></tr>
  {{ end -}}
  {{ range $shown }}{{ template "__email_alert" . }}{{ end -}}
{{ end }}

{{ define "email.default.html" -}}
<!DOCTYPE html>
<html>
<head>
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ template "__subject" . }}</title>
</head>
<body style="margin:0;padding:0;background:#f3f4f6">
<table width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#f3f4f6"><tr><td align="center" style="padding:16px 8px">
<table width="640" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff" style="width:100%;max-width:640px;font-family:Helvetica,Arial,sans-serif;font-size:14px;line-height:1.45;color:#111827;text-align:left">
<tr><td bgcolor="{{ if eq .Status "firing" }}#b91c1c{{ else }}#15803d{{ end }}" style="padding:18px 24px;color:#ffffff;font-size:18px;font-weight:bold">
{{ len .Alerts }} alert{{ if ne (len .Alerts) 1 }}s{{ end }}{{ with .GroupLabels.SortedPairs }} for{{ range . }} {{ .Name }}={{ .Value }}{{ end }}{{ end }}
</td></tr>
<tr><td style="padding:16px 24px"><a href="{{ template "__alertmanagerURL" . }}" style="color:#1d4ed8;font-weight:bold">View in {{ template "__alertmanager" . }}</a></td></tr>
{{ template "__email_alerts" dict "list" .Alerts.Firing "what" "firing" "color" "#b91c1c" }}
{{ template "__email_alerts" dict "list" .Alerts.Resolved "what" "resolved" "color" "#15803d" }}
<tr><td style="padding:16px 24px;border-top:1px solid #e5e7eb;color:#6b7280;font-size:12px">Sent by <a href="{{ .ExternalURL }}" style="color:#6b7280">{{ template "__alertmanager" . }}</a> to {{ .Receiver }}</td></tr>
</table>
</td></tr></table>
</body>
</html>
{{ end }}
)tmpl";

}  // namespace

std::array<DefaultText, 3> DefaultTexts() {
  return {DefaultText{"shared", kShared}, DefaultText{"receivers", kReceivers}, DefaultText{"email", kEmail}};
}

}  // namespace cachescope::templating
