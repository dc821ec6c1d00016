module peer

go 1.25.0

require (
	github.com/gin-gonic/gin v1.12.0
	github.com/luraproject/lura/v2 v2.14.1
)
