// The texts of a mail that the configuration says nothing about.
#pragma once

namespace cachescope::notify {

inline constexpr char kMailSubject[] = R"({{ template "email.default.subject" . }})";

// Before the default HTML: how it shows one alert, with what only we know of it. A user's own "email.default.html" has
// no use for it.
inline constexpr char kMailAlertHtml[] = R"tmpl({{ define "__email_alert" -}}
<tr><td style="padding:16px 24px;border-top:1px solid #e5e7eb">
<div style="font-size:15px;font-weight:bold">{{ with .Labels.alertname }}{{ . }}{{ else }}Alert{{ end }}{{ with .Annotations.summary }}: {{ . }}{{ end }}</div>
<div style="padding:2px 0 6px 0;color:#6b7280;font-size:12px">since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05 MST" }}{{ if eq .Status "resolved" }}, ended {{ .EndsAt.UTC.Format "2006-01-02 15:04:05 MST" }}{{ end }}</div>
{{ with .Annotations.description }}<p style="margin:4px 0 8px 0">{{ . }}</p>{{ end }}
{{ if .Chart }}<div style="font-size:12px;color:#6b7280">The last hour, now {{ printf "%.6g" .Value }}</div>
<pre style="margin:2px 0 8px 0;font-family:Menlo,Consolas,monospace;font-size:13px;line-height:1.2">{{ .Chart }}</pre>{{ end }}
{{ with .Runbook }}<div style="padding-bottom:6px"><a href="{{ . }}" style="color:#1d4ed8;font-weight:bold">What to do</a></div>{{ end }}
<table cellpadding="0" cellspacing="0" border="0" style="font-size:13px">
{{ template "__email_pairs" .Labels.SortedPairs }}{{ range .Annotations.SortedPairs }}{{ if not (match "^(summary|description|runbook_url)$" .Name) }}<tr><td style="padding:1px 12px 1px 0;color:#6b7280;vertical-align:top;white-space:nowrap">{{ .Name }}</td><td style="padding:1px 0;vertical-align:top;word-break:break-word">{{ .Value }}</td></tr>
{{ end }}{{ end }}</table>
{{ with .GeneratorURL }}<div style="padding-top:6px;font-size:13px"><a href="{{ . }}" style="color:#1d4ed8">Source</a></div>{{ end }}
</td></tr>
{{ end }})tmpl";

// For readers without HTML. At most 50 alerts of each kind.
inline constexpr char kMailText[] = R"tmpl({{ define "__mail_text_alert" -}}
{{ with .Labels.alertname }}{{ . }}{{ else }}Alert{{ end }}{{ with .Annotations.summary }}: {{ . }}{{ end }}
{{ with .Annotations.description }}  {{ . }}
{{ end }}  since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05 MST" }}{{ if eq .Status "resolved" }}, ended {{ .EndsAt.UTC.Format "2006-01-02 15:04:05 MST" }}{{ end }}
{{ if .Chart }}  the last hour, now {{ printf "%.6g" .Value }}
{{ .Chart }}
{{ end }}{{ with .Runbook }}  what to do: {{ . }}
{{ end }}{{ range .Labels.SortedPairs }}  {{ .Name }} = {{ .Value }}
{{ end }}{{ with .GeneratorURL }}  source: {{ . }}
{{ end }}
{{ end -}}
{{ define "__mail_text_alerts" }}{{ $shown := .list }}{{ if gt (len .list) 50 }}{{ $shown = slice .list 0 50 }}{{ end -}}
{{ if .list }}{{ len .list }} {{ .what }}{{ if gt (len .list) 50 }}, the first 50 of them{{ end }}

{{ end }}{{ range $shown }}{{ template "__mail_text_alert" . }}{{ end }}{{ end -}}
{{ template "__subject" . }}

{{ template "__mail_text_alerts" dict "list" .Alerts.Firing "what" "firing" }}{{ template "__mail_text_alerts" dict "list" .Alerts.Resolved "what" "resolved" -}}
{{ template "__alertmanagerURL" . }}
)tmpl";

}  // namespace cachescope::notify
