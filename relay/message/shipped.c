/* The files of relay/templates, written by its compile.sh.  A test compares them. */

#include "relay/message/shipped.h"

/* clang-format off */
const struct shipped_file shipped_files[] = {
	{ "en/acknowledged.txt",
		"{{emoji}} **{{severity}} {{severity_word}}: {{alertname}}** {{state}}\n"
		"{{summary}}\n"
		"{{description}}\n"
		"\n"
		"Where: {{env}} {{service}} {{where}}\n"
		"Since: {{since}}\n"
		"Value: {{value}}\n"
		"Limit: {{limit}}\n"
		"Action: {{action}}\n"
		"**Acknowledged by {{acknowledged_by}}** {{acknowledged_at}}\n"
		"[Runbook]({{runbook_url}}) [Dashboard]({{dashboard_url}}) [Source]({{source_url}})\n"
	},
	{ "en/firing.txt",
		"{{emoji}} **{{severity}} {{severity_word}}: {{alertname}}** {{state}}\n"
		"{{summary}}\n"
		"{{description}}\n"
		"\n"
		"Where: {{env}} {{service}} {{where}}\n"
		"Since: {{since}}\n"
		"Duration: {{duration}}\n"
		"Value: {{value}}\n"
		"Limit: {{limit}}\n"
		"Action: {{action}}\n"
		"Acknowledged by {{acknowledged_by}}\n"
		"[Runbook]({{runbook_url}}) [Dashboard]({{dashboard_url}}) [Source]({{source_url}}) [Acknowledge]({{acknowledge_url}})\n"
	},
	{ "en/list.txt",
		"{{emoji}} **{{count}} alerts**: {{counts}}\n"
		"At least {{more}} more follow.\n"
	},
	{ "en/list_alert.txt",
		"• {{when}} {{env}} {{service}} {{where}} {{note}} [acknowledge]({{acknowledge_url}})\n"
	},
	{ "en/list_group.txt",
		"\n"
		"{{emoji}} **{{severity}} {{severity_word}}: {{alertname}}** ({{count}}) {{state}}\n"
		"{{summary}}\n"
		"{{env}} {{service}} {{where}}\n"
		"Action: {{action}}\n"
		"Acknowledged by {{acknowledged_by}}\n"
	},
	{ "en/list_subject.txt",
		"{{emoji}} {{count}} alerts: {{counts}}\n"
	},
	{ "en/resolved.txt",
		"{{emoji}} **{{severity}} {{severity_word}}: {{alertname}}** {{state}}\n"
		"{{summary}}\n"
		"\n"
		"Where: {{env}} {{service}} {{where}}\n"
		"Lasted {{duration}}, from {{since}} to {{until}}\n"
		"Acknowledged by {{acknowledged_by}}\n"
		"[Dashboard]({{dashboard_url}})\n"
	},
	{ "en/subject.txt",
		"{{emoji}} {{severity}} {{alertname}} {{env}} {{state}}\n"
	},
	{ "en/words.txt",
		"emoji_P0: 🔴\n"
		"emoji_P1: 🟠\n"
		"emoji_P2: 🟡\n"
		"emoji_P3: 🔵\n"
		"emoji_resolved: ✅\n"
		"emoji_acknowledged: 👀\n"
		"P0: critical\n"
		"P1: urgent\n"
		"P2: warning\n"
		"P3: information\n"
		"state_fired: is firing\n"
		"state_repeated: is still firing, and nobody has acknowledged it\n"
		"state_escalated: is still firing, and nobody has acknowledged it: escalated\n"
		"state_over: has fired and is over\n"
		"state_resolved: is resolved\n"
		"state_expired: has expired: nobody reports it any more\n"
		"state_acknowledged: is acknowledged\n"
		"note_repeated: (not acknowledged)\n"
		"note_escalated: (escalated)\n"
		"note_over: (over)\n"
		"note_expired: (expired)\n"
		"day: d\n"
		"hour: h\n"
		"minute: min\n"
		"second: s\n"
		"acknowledge: Acknowledge\n"
		"acknowledged: You have acknowledged it.\n"
		"not_allowed: You may not acknowledge alerts here.\n"
		"no_such_alert: This alert is not open any more.\n"
		"summary_title: Alerts of the last day\n"
		"summary_severity: Severity\n"
		"summary_alert: Alert\n"
		"summary_count: Began\n"
		"summary_open: Still open\n"
		"summary_acknowledged: Acknowledged\n"
		"summary_to_acknowledge: Median time to acknowledge\n"
		"summary_to_resolve: Median time to resolve\n"
		"summary_sent: Alerts delivered, counted for each channel\n"
		"summary_failed: Attempts that failed\n"
		"summary_noisiest: The noisiest\n"
		"summary_nothing: There were no alerts.\n"
	},
	{ "ko/acknowledged.txt",
		"{{emoji}} **{{severity}} {{severity_word}}: {{alertname}}** {{state}}\n"
		"{{summary}}\n"
		"{{description}}\n"
		"\n"
		"위치: {{env}} {{service}} {{where}}\n"
		"발생: {{since}}\n"
		"현재 값: {{value}}\n"
		"기준 값: {{limit}}\n"
		"조치: {{action}}\n"
		"**확인한 사람: {{acknowledged_by}}** {{acknowledged_at}}\n"
		"[대응 절차]({{runbook_url}}) [대시보드]({{dashboard_url}}) [원본]({{source_url}})\n"
	},
	{ "ko/firing.txt",
		"{{emoji}} **{{severity}} {{severity_word}}: {{alertname}}** {{state}}\n"
		"{{summary}}\n"
		"{{description}}\n"
		"\n"
		"위치: {{env}} {{service}} {{where}}\n"
		"발생: {{since}}\n"
		"지속 시간: {{duration}}\n"
		"현재 값: {{value}}\n"
		"기준 값: {{limit}}\n"
		"조치: {{action}}\n"
		"확인한 사람: {{acknowledged_by}}\n"
		"[대응 절차]({{runbook_url}}) [대시보드]({{dashboard_url}}) [원본]({{source_url}}) [확인하기]({{acknowledge_url}})\n"
	},
	{ "ko/list.txt",
		"{{emoji}} **알림 {{count}}건**: {{counts}}\n"
		"다음 메시지에 {{more}}건 이상이 이어집니다.\n"
	},
	{ "ko/list_alert.txt",
		"• {{when}} {{env}} {{service}} {{where}} {{note}} [확인하기]({{acknowledge_url}})\n"
	},
	{ "ko/list_group.txt",
		"\n"
		"{{emoji}} **{{severity}} {{severity_word}}: {{alertname}}** ({{count}}건) {{state}}\n"
		"{{summary}}\n"
		"{{env}} {{service}} {{where}}\n"
		"조치: {{action}}\n"
		"확인한 사람: {{acknowledged_by}}\n"
	},
	{ "ko/list_subject.txt",
		"{{emoji}} 알림 {{count}}건: {{counts}}\n"
	},
	{ "ko/resolved.txt",
		"{{emoji}} **{{severity}} {{severity_word}}: {{alertname}}** {{state}}\n"
		"{{summary}}\n"
		"\n"
		"위치: {{env}} {{service}} {{where}}\n"
		"지속 시간: {{duration}} ({{since}} ~ {{until}})\n"
		"확인한 사람: {{acknowledged_by}}\n"
		"[대시보드]({{dashboard_url}})\n"
	},
	{ "ko/subject.txt",
		"{{emoji}} {{severity}} {{alertname}} {{env}} {{state}}\n"
	},
	{ "ko/words.txt",
		"emoji_P0: 🔴\n"
		"emoji_P1: 🟠\n"
		"emoji_P2: 🟡\n"
		"emoji_P3: 🔵\n"
		"emoji_resolved: ✅\n"
		"emoji_acknowledged: 👀\n"
		"P0: 심각\n"
		"P1: 긴급\n"
		"P2: 경고\n"
		"P3: 정보\n"
		"state_fired: 발생\n"
		"state_repeated: 계속 발생 중, 아직 아무도 확인하지 않음\n"
		"state_escalated: 계속 발생 중, 아무도 확인하지 않아 상위 담당자에게 전달\n"
		"state_over: 발생했다가 끝남\n"
		"state_resolved: 해결됨\n"
		"state_expired: 만료됨: 더 이상 보고되지 않음\n"
		"state_acknowledged: 확인됨\n"
		"note_repeated: (미확인)\n"
		"note_escalated: (상위 전달)\n"
		"note_over: (끝남)\n"
		"note_expired: (만료)\n"
		"day: 일\n"
		"hour: 시간\n"
		"minute: 분\n"
		"second: 초\n"
		"acknowledge: 확인하기\n"
		"acknowledged: 알림을 확인했습니다.\n"
		"not_allowed: 여기서 알림을 확인할 권한이 없습니다.\n"
		"no_such_alert: 이미 끝난 알림입니다.\n"
		"summary_title: 지난 하루의 알림\n"
		"summary_severity: 심각도\n"
		"summary_alert: 알림\n"
		"summary_count: 발생\n"
		"summary_open: 미해결\n"
		"summary_acknowledged: 확인\n"
		"summary_to_acknowledge: 확인까지 걸린 시간(중앙값)\n"
		"summary_to_resolve: 해결까지 걸린 시간(중앙값)\n"
		"summary_sent: 채널별로 전달한 알림\n"
		"summary_failed: 실패한 전송 시도\n"
		"summary_noisiest: 가장 잦은 알림\n"
		"summary_nothing: 알림이 없었습니다.\n"
	},
	{ 0 },
};
