module example.com/collector

go 1.22

require (
	go.opentelemetry.io/collector/component v0.116.0
	go.opentelemetry.io/collector/confmap v1.22.0
	go.opentelemetry.io/collector/confmap/provider/fileprovider v1.22.0
	go.opentelemetry.io/collector/exporter v0.116.0
	go.opentelemetry.io/collector/exporter/otlpexporter v0.116.0
	go.opentelemetry.io/collector/exporter/otlphttpexporter v0.116.0
	go.opentelemetry.io/collector/otelcol v0.116.0
	go.opentelemetry.io/collector/processor v0.116.0
	go.opentelemetry.io/collector/processor/batchprocessor v0.116.0
	go.opentelemetry.io/collector/processor/memorylimiterprocessor v0.116.0
	go.opentelemetry.io/collector/receiver v0.116.0
	go.opentelemetry.io/collector/receiver/otlpreceiver v0.116.0
)
