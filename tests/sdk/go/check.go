// A client made by openapi-generator for Go. Bytes go in and out as base64.
package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"example.com/store"
)

func check(ok bool, feature string, got any) {
	if !ok {
		fmt.Fprintf(os.Stderr, "%s: %+v\n", feature, got)
		os.Exit(1)
	}
	fmt.Println("ok", feature)
}

func must[T any](value T, _ any, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	ctx := context.Background()
	configuration := store.NewConfiguration()
	configuration.Servers = store.ServerConfigurations{{URL: os.Getenv("URL")}}
	client := store.NewAPIClient(configuration)

	payload := *store.NewPayload()
	payload.SetId(7)
	payload.SetData(base64.StdEncoding.EncodeToString([]byte("hello")))
	reply := must(client.FetchAPI.FetchCapitalize(ctx).Payload(payload).Execute())
	text, _ := base64.StdEncoding.DecodeString(reply.GetData())
	check(reply.GetId() == 7 && string(text) == "HELLO", "capitalize", reply)

	made := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	body := *store.NewStorePutItemBody()
	body.SetSerial("9007199254740993")
	body.SetPicture("/+8=")
	body.SetColor(store.DEEP_BLUE)
	body.SetStock(map[string]string{"here": "9007199254740993"})
	body.SetMade(made)
	team := *store.NewTeam()
	team.SetName("us")
	team.SetMembers(4294967295)
	body.SetTeam(team)
	part := *store.NewItem()
	part.SetId("part")
	body.SetParts([]store.Item{part})
	item := must(client.StoreAPI.StorePutItem(ctx, "a b").StorePutItemBody(body).Execute())
	check(item.GetSerial() == "9007199254740993" && item.GetId() == "a b" && item.Parts[0].GetId() == "part", "int64", item)
	picture, _ := base64.StdEncoding.DecodeString(item.GetPicture())
	check(string(picture) == "\xff\xef", "bytes", item)
	check(item.GetColor() == store.DEEP_BLUE, "enum", item)
	check(item.Team.GetMembers() == 4294967295 && !item.HasPerson(), "oneof", item)
	check(item.GetStock()["here"] == "9007199254740993", "map", item)
	check(item.GetMade().Equal(made), "timestamp", item)

	asked := must(client.StoreAPI.StoreGetItem(ctx, "x").Color(store.RED).TeamName("t").Weight(1.5).Made(made).Execute())
	check(asked.GetColor() == store.RED && asked.Team.GetName() == "t" && asked.GetWeight() == 1.5 && asked.GetMade().Equal(made), "query", asked)

	_, answer, err := client.StoreAPI.StoreFail(ctx, "x").Execute()
	var failure *store.GenericOpenAPIError
	if !errors.As(err, &failure) {
		check(false, "error", err)
	}
	status, isStatus := failure.Model().(store.Status)
	check(answer.StatusCode == 404 && isStatus && status.GetCode() == 5 && strings.HasSuffix(status.Details[0].GetType(), "google.rpc.ErrorInfo"), "error", failure.Model())
	// It knows no streams.
	fmt.Println("lacks stream")
}
