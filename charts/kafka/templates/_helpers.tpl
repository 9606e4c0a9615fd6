{{- define "kafka.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- /* 52 characters leave room for "-headless" and the ordinal within a DNS label. */ -}}
{{- define "kafka.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "kafka.selectorLabels" -}}
app.kubernetes.io/name: {{ include "kafka.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kafka.labels" -}}
{{ include "kafka.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: broker
app.kubernetes.io/part-of: millrace
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "kafka.image" -}}
{{- $repository := .Values.image.repository }}
{{- with .Values.global.imageRegistry }}{{ $repository = printf "%s/%s" . $repository }}{{ end }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "kafka.replicationFactor" -}}
{{- if kindIs "invalid" .Values.replicationFactor }}
{{- min (int .Values.replicas) 3 }}
{{- else if gt (int .Values.replicationFactor) (int .Values.replicas) }}
{{- fail (printf "replicationFactor %d needs as many brokers, but replicas is %d" (int .Values.replicationFactor) (int .Values.replicas)) }}
{{- else }}
{{- int .Values.replicationFactor }}
{{- end }}
{{- end }}

{{- define "kafka.minInsyncReplicas" -}}
{{- $factor := int (include "kafka.replicationFactor" .) }}
{{- if kindIs "invalid" .Values.minInsyncReplicas }}
{{- max 1 (sub $factor 1) }}
{{- else if gt (int .Values.minInsyncReplicas) $factor }}
{{- fail (printf "minInsyncReplicas %d is more than replicationFactor %d: no write with acks=all would ever succeed" (int .Values.minInsyncReplicas) $factor) }}
{{- else }}
{{- int .Values.minInsyncReplicas }}
{{- end }}
{{- end }}
