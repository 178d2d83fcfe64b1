// An object storage in memory with one bucket and one key: s3 ADDRESS BUCKET KEY-ID FILE-OF-THE-SECRET.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"
)

// storage takes an empty delimiter, which clients send to list everything below a prefix, for none, as Amazon does.
type storage struct{ *s3mem.Backend }

func (s storage) ListBucket(
	ctx context.Context, name string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage,
) (*gofakes3.ObjectList, error) {
	if prefix != nil && prefix.Delimiter == "" {
		prefix.HasDelimiter = false
	}
	return s.Backend.ListBucket(ctx, name, prefix, page)
}

func main() {
	if len(os.Args) != 5 {
		log.Fatal("s3 ADDRESS BUCKET KEY-ID FILE-OF-THE-SECRET")
	}
	address, bucket, keyID := os.Args[1], os.Args[2], os.Args[3]
	secret, err := os.ReadFile(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	memory := storage{s3mem.New()}
	if err := memory.CreateBucket(context.Background(), bucket); err != nil {
		log.Fatal(err)
	}
	keys := map[string]string{keyID: strings.TrimSpace(string(secret))}
	server := gofakes3.New(memory, gofakes3.WithV4Auth(keys))
	log.Fatal(http.ListenAndServe(address, server.Server()))
}
